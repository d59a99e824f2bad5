package dev.antiphon.api.workflow;

import dev.antiphon.api.model.ModelTurn;

/// The outcome of a tool that a step called.
///
/// @param kind how the call ended
/// @param text the result, or one sentence that says why there is none
/// @param forModel the same text for the model, with a warning that it is data of unknown origin
public record ToolReply(Kind kind, String text, ModelTurn.ToolResult forModel) {

    /// How the call ended.
    public enum Kind {
        /// The tool returned a result.
        RESULT,
        /// The tool was called and failed; it had no effect.
        FAILED,
        /// The tool was not called.
        REFUSED,
        /// The tool was called, and it is unknown whether it had its effect.
        UNKNOWN
    }
}
