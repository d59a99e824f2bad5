package dev.antiphon.backplane.history;

import dev.antiphon.protocol.AnswerText;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.MessageId;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Reads turns out of a piece of a log that holds whole answers.
final class Turns {

    private final Map<MessageId, Asked> asked;
    private final Map<MessageId, AnswerText> texts = new HashMap<>();
    private final List<Turn> ended = new ArrayList<>();

    /// Begins.
    ///
    /// @param asked what the answers in the piece are for; an answer for nothing (a refused message) is no turn
    Turns(Map<MessageId, Asked> asked) {
        this.asked = Map.copyOf(asked);
    }

    /// Takes the next entry.
    void add(EventName event, byte[] data) {
        if (event != EventName.CHUNK) {
            return; // what was asked is in the runs, what completed in the final chunk
        }
        Chunk chunk = Chunk.decode(data);
        AnswerText text = texts.computeIfAbsent(chunk.messageId(), _ -> new AnswerText());
        text.add(chunk.body());
        Asked question = asked.get(chunk.messageId());
        if (chunk.completion() != null && question != null) {
            ErrorCode error =
                    chunk.body() instanceof ChunkBody.Failure(ErrorCode code, String _)
                            ? code
                            : null;
            ended.add(
                    new Turn(
                            question.request(),
                            question.parent(),
                            text.toString(),
                            chunk.completion(),
                            error));
        }
    }

    /// The turns whose end was among the entries, oldest first.
    List<Turn> ended() {
        return ended;
    }
}
