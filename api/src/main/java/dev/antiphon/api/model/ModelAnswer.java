package dev.antiphon.api.model;

import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.Json;

import org.jspecify.annotations.Nullable;

import java.util.List;

/// How a streamed answer ended.
///
/// @param lastPiece text that becomes the final chunk; empty when all text went into the sink
/// @param turn the whole answer, as the model must see it in a later call. When it has tool calls the model waits for
///     their results, and the finish reason is STOP all the same
/// @param completion what was measured
/// @param question what the service asks its user before it goes on, as JSON; null when the answer is whole. A call
///     whose {@link ModelCall.Asker#answers} has one more goes on
public record ModelAnswer(
        String lastPiece,
        ModelTurn.Assistant turn,
        Completion completion,
        @Nullable String question) {

    /// A whole answer.
    public ModelAnswer(String lastPiece, ModelTurn.Assistant turn, Completion completion) {
        this(lastPiece, turn, completion, null);
    }

    /// The answer in text that UTF-8 can carry ({@link Json#encodable}): what follows from it is stored and sent again.
    public ModelAnswer encodable() {
        return new ModelAnswer(
                Json.encodable(lastPiece),
                turn.encodable(),
                completion.encodable(),
                question == null ? null : Json.encodable(question));
    }

    /// The tools that the model wants run before it goes on; empty when it is done.
    public List<ToolCall> toolCalls() {
        return turn.toolCalls();
    }
}
