package dev.antiphon.api.model;

import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.RequestContext.Turn;

import java.util.List;

/// One turn of the conversation that a model sees.
public sealed interface ModelTurn {

    /// An instruction. Some services take instructions only before all other turns; their providers move them there.
    record Instruction(String text) implements ModelTurn {}

    /// What the user said.
    record User(String text) implements ModelTurn {}

    /// What the model answered. The results of all its tool calls must follow before its next answer.
    ///
    /// @param text empty when the model only called tools
    /// @param toolCalls the tools that the model called, in order; empty for none
    /// @param notes data that the service needs to see again next to the text, such as signatures of its reasoning;
    ///     empty for none. Only the provider that wrote them can read them; other providers ignore them
    record Assistant(String text, List<ToolCall> toolCalls, String notes) implements ModelTurn {

        public Assistant {
            toolCalls = List.copyOf(toolCalls);
        }

        /// An answer that is only text.
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

    /// The result of a tool.
    ///
    /// @param callId the {@link ToolCall#id}
    /// @param name the name of the tool
    /// @param text the result, or why there is none
    record ToolResult(String callId, String name, String text) implements ModelTurn {}

    /// Returns a turn of a request's `conversation_history`.
    ///
    /// @throws ProviderFailure when the role of the turn is not user, assistant or system
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
