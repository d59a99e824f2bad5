package dev.antiphon.backplane.history;

import dev.antiphon.protocol.AnswerText;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.WorkflowRequest;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Reads turns out of a piece of a log that holds whole answers.
final class Turns {

    private final Map<MessageId, WorkflowRequest> requests;
    private final Map<MessageId, AnswerText> texts = new HashMap<>();
    private final List<Turn> ended = new ArrayList<>();

    /// Begins.
    ///
    /// @param requests those of the answers in the piece; an answer without one (a refused message) is no turn
    Turns(Map<MessageId, WorkflowRequest> requests) {
        this.requests = Map.copyOf(requests);
    }

    /// Takes the next entry.
    void add(EventName event, byte[] data) {
        if (event != EventName.CHUNK) {
            return; // what was asked is in the requests, what completed in the final chunk
        }
        Chunk chunk = Chunk.decode(data);
        AnswerText text = texts.computeIfAbsent(chunk.messageId(), _ -> new AnswerText());
        text.add(chunk.body());
        WorkflowRequest request = requests.get(chunk.messageId());
        if (chunk.completion() != null && request != null) {
            ErrorCode error =
                    chunk.body() instanceof ChunkBody.Failure(ErrorCode code, String _)
                            ? code
                            : null;
            ended.add(new Turn(request, text.toString(), chunk.completion(), error));
        }
    }

    /// The turns whose end was among the entries, oldest first.
    List<Turn> ended() {
        return ended;
    }
}
