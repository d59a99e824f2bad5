package dev.antiphon.api.model;

import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.Json;

import org.jspecify.annotations.Nullable;

import java.util.List;

/// How a streamed answer ended.
///
/// @param lastPiece text for the final chunk; empty when all text went to the sink
/// @param turn the whole answer, as the model must see it in a later call. If it has tool calls, the model waits for
///     their results; the finish reason is STOP in that case too
/// @param completion the model's name, its tokens and the finish reason
/// @param question what the service asks its user before it continues, as JSON; null when the answer is whole.
///     The service continues in a later call, whose {@link ModelCall.Asker#answers} has the user's answer as its
///     last element
public record ModelAnswer(
        String lastPiece,
        ModelTurn.Assistant turn,
        Completion completion,
        @Nullable String question) {

    /// A whole answer, without a question.
    public ModelAnswer(String lastPiece, ModelTurn.Assistant turn, Completion completion) {
        this(lastPiece, turn, completion, null);
    }

    /// Returns the answer with all its text encodable in UTF-8 ({@link Json#encodable}), because it is stored and sent.
    public ModelAnswer encodable() {
        return new ModelAnswer(
                Json.encodable(lastPiece),
                turn.encodable(),
                completion.encodable(),
                question == null ? null : Json.encodable(question));
    }

    /// The tools that the model wants to run before it continues; empty when it is done.
    public List<ToolCall> toolCalls() {
        return turn.toolCalls();
    }
}
