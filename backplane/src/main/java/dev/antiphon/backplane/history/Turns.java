package dev.antiphon.backplane.history;

import dev.antiphon.protocol.AnswerText;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.MessageId;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Reads turns from a log, entry by entry.
final class Turns {

    /// An answer that has begun. Answers without a turn (a refused message, a plain worker's answer to a request that
    /// only it saw) are not kept.
    private static final class Answer {
        private final AnswerText text = new AnswerText();
        private final Activity activity = new Activity();
        private @Nullable Completion completion;
        private @Nullable ErrorCode error;
    }

    private final Map<MessageId, Answer> unfinished = new HashMap<>();
    private final List<Turn> ended = new ArrayList<>();
    private boolean lacksABeginning;

    /// Takes the next entry.
    ///
    /// @param asked the messages that have a turn; the request of each is there with the entry that completes
    ///     the answer
    void add(EventName event, byte[] data, Map<MessageId, @Nullable Asked> asked) {
        switch (event) {
            case CHUNK -> {
                Chunk chunk = Chunk.decode(data);
                if (asked.containsKey(chunk.messageId())) {
                    add(chunk);
                }
            }
            case MESSAGE_COMPLETE ->
                    complete(new MessageId(Json.text(Json.readObject(data), "message_id")), asked);
            case MESSAGE,
                    CONNECTED,
                    STATUS,
                    RESYNC,
                    REFUSED,
                    SESSION,
                    LIST -> {} // the requests are in the runs
        }
    }

    private void add(Chunk chunk) {
        Answer answer = unfinished.get(chunk.messageId());
        if (answer == null) {
            answer = new Answer();
            unfinished.put(chunk.messageId(), answer);
            lacksABeginning |= chunk.chunkId() > 0;
        }
        answer.text.add(chunk.body());
        answer.activity.add(chunk.body());
        answer.completion = chunk.completion();
        answer.error =
                chunk.body() instanceof ChunkBody.Failure(ErrorCode code, String _) ? code : null;
    }

    private void complete(MessageId message, Map<MessageId, @Nullable Asked> asked) {
        Answer answer = unfinished.remove(message);
        Asked question = asked.get(message);
        if (answer != null && answer.completion != null && question != null) {
            ended.add(
                    new Turn(
                            question.request(),
                            question.parent(),
                            answer.text.toString(),
                            answer.activity.json(),
                            answer.completion,
                            answer.error));
        }
    }

    /// Whether an answer has begun and has not ended.
    boolean areUnfinished() {
        return !unfinished.isEmpty();
    }

    /// Whether the beginning of an answer was missing from the entries.
    boolean lackABeginning() {
        return lacksABeginning;
    }

    /// The turns whose end was among the entries, oldest first.
    List<Turn> ended() {
        return Collections.unmodifiableList(ended);
    }
}
