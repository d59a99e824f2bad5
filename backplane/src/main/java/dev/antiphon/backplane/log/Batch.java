package dev.antiphon.backplane.log;

import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;

import java.util.List;

/// Entries of one run to append together.
///
/// @param firstChunk the chunk id of the first chunk among them
/// @param handles where services keep the requests of this run, according to the entries; usually none
/// @param then what follows; at the end of a message the last chunk is final and its `message_complete` follows it
public record Batch(
        SessionId session,
        MessageId message,
        Token token,
        int firstChunk,
        List<Addition> additions,
        List<String> handles,
        Then then) {

    /// For entries that do not name a service's resources.
    public Batch(
            SessionId session,
            MessageId message,
            Token token,
            int firstChunk,
            List<Addition> additions,
            Then then) {
        this(session, message, token, firstChunk, additions, List.of(), then);
    }

    /// What follows a batch.
    public enum Then {
        /// More of the same attempt.
        CONTINUE,
        /// The message has ended.
        END,
        /// The run waits for its user and has no worker; its token is invalid.
        PARK
    }

    /// One entry without its number.
    ///
    /// @param data UTF-8 JSON without line breaks; never modified
    @SuppressWarnings("ArrayRecordComponent") // encoded once, handed on, never compared
    public record Addition(EventName event, byte[] data) {}

    /// The two entries that end a message.
    ///
    /// @param chunk the final chunk, encoded
    /// @param complete the data of its `message_complete`
    @SuppressWarnings("ArrayRecordComponent") // as Addition
    public record End(byte[] chunk, byte[] complete) {

        public static End of(Chunk last) {
            Completion completion = last.completion();
            if (completion == null) {
                throw new IllegalArgumentException("not a final chunk: " + last.chunkId());
            }
            return new End(last.encode(), completion.messageComplete(last.messageId()));
        }

        public List<Addition> additions() {
            return List.of(
                    new Addition(EventName.CHUNK, chunk),
                    new Addition(EventName.MESSAGE_COMPLETE, complete));
        }
    }

    public Batch {
        additions = List.copyOf(additions);
        handles = List.copyOf(handles);
        // The log uses the chunk ids to tell a repeated batch from a new one.
        if (additions.isEmpty() || additions.getFirst().event() != EventName.CHUNK) {
            throw new IllegalArgumentException("a batch begins with a chunk");
        }
        if ((then == Then.END) != (additions.getLast().event() == EventName.MESSAGE_COMPLETE)) {
            throw new IllegalArgumentException(
                    "the last batch, and no other, completes its message");
        }
    }

    /// Whether the message ends with this batch.
    public boolean terminal() {
        return then == Then.END;
    }

    /// How many of the entries are chunks.
    public int chunks() {
        return (int)
                additions.stream().filter(addition -> addition.event() == EventName.CHUNK).count();
    }
}
