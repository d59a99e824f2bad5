package dev.antiphon.worker.provider;

import dev.antiphon.protocol.Completion;

import java.util.List;

/// How a streamed answer ended.
///
/// @param lastPiece text that becomes the final chunk; empty when all text went into the sink
/// @param turn the whole answer, as the model must see it in a later call. When it has tool calls the model waits for
///     their results, and the finish reason is STOP all the same
/// @param completion what was measured
public record ModelAnswer(String lastPiece, ModelTurn.Assistant turn, Completion completion) {

    /// The tools that the model wants run before it goes on; empty when it is done.
    public List<ToolCall> toolCalls() {
        return turn.toolCalls();
    }
}
