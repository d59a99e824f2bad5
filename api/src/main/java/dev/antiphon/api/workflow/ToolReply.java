package dev.antiphon.api.workflow;

import dev.antiphon.api.model.ModelTurn;

/// What came of a tool that a step called.
///
/// @param text the result, or one sentence that says why there is none
/// @param forModel the same as a model should get it, with a warning: it is data of unknown origin
public record ToolReply(Kind kind, String text, ModelTurn.ToolResult forModel) {

    /// How the call ended.
    public enum Kind {
        /// The tool has answered.
        RESULT,
        /// It was called and did not work; nothing has happened.
        FAILED,
        /// It was not called.
        REFUSED,
        /// It was called, and nobody knows whether it has had its effect.
        UNKNOWN
    }
}
