package dev.antiphon.api.model;

import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.RequestContext.Turn;

import java.util.List;

/// One turn of what a model sees.
public sealed interface ModelTurn {

    /// An instruction. Some services take those only ahead of everything else, and get them there.
    record Instruction(String text) implements ModelTurn {}

    record User(String text) implements ModelTurn {}

    /// What the model answered. The results of all its tool calls must follow before its next answer.
    ///
    /// @param text may be empty when it only called tools
    /// @param notes what the service wants to see again beside it, such as signatures of reasoning; only the provider
    ///     that wrote them can read them, others pass them over. Empty for none
    record Assistant(String text, List<ToolCall> toolCalls, String notes) implements ModelTurn {

        public Assistant {
            toolCalls = List.copyOf(toolCalls);
        }

        /// An answer of text alone.
        public Assistant(String text) {
            this(text, List.of(), "");
        }

        Assistant encodable() {
            return new Assistant(
                    Json.encodable(text),
                    toolCalls.stream().map(ToolCall::encodable).toList(),
                    Json.encodable(notes));
        }
    }

    /// What a tool brought.
    ///
    /// @param callId the {@link ToolCall#id}
    /// @param name the tool's
    record ToolResult(String callId, String name, String text) implements ModelTurn {}

    /// A turn of a request's `conversation_history`.
    ///
    /// @throws ProviderFailure when it has a role that models do not know
    static ModelTurn of(Turn turn) throws ProviderFailure {
        return switch (turn.role()) {
            case "user" -> new User(turn.content());
            case "assistant" -> new Assistant(turn.content());
            case "system" -> new Instruction(turn.content());
            default ->
                    throw new ProviderFailure(
                            ErrorCode.INVALID_FIELD,
                            "The role of a turn in conversation_history must be user, assistant or system.",
                            null);
        };
    }
}
