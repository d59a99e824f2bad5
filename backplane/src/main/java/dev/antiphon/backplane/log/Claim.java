package dev.antiphon.backplane.log;

import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.WorkflowRequest;

import java.util.List;

/// What claiming a session's next message answered.
public sealed interface Claim {

    /// The run is the caller's: it alone may append, until someone else claims it.
    ///
    /// @param attempt counts from 1
    /// @param nextChunk the chunk id that the log wants next; above 0 an earlier attempt has streamed a part
    /// @param streamed that part, the chunks 0 to `nextChunk - 1` as encoded
    /// @param checkpoint what earlier attempts have finished, as kept; empty when that is nothing
    /// @param answers what the user has answered since then, oldest first
    /// @param incarnation drawn when the session got its owner, and kept as long as it is that owner's: whatever is kept
    ///     outside under the session's name needs it, for another user may have the same name later. Empty for sessions
    ///     that are older than this
    record Claimed(
            WorkflowRequest request,
            Token token,
            int attempt,
            int nextChunk,
            List<byte[]> streamed,
            String checkpoint,
            List<String> answers,
            String incarnation)
            implements Claim {
        public Claimed {
            streamed = List.copyOf(streamed);
            answers = List.copyOf(answers);
        }
    }

    /// The session's oldest message has been begun too often without an end: end it, then claim again.
    record Poison(WorkflowRequest request) implements Claim {}

    /// The session's oldest message waits for its user, and the others wait for it.
    record Parked(MessageId message) implements Claim {}

    /// A live worker runs the session's oldest message; it will go on to the others by itself.
    record Busy() implements Claim {}

    /// The session has no unfinished message.
    record Idle() implements Claim {}

    /// There is no run for the delivered message: accept it first.
    record Unknown() implements Claim {}
}
