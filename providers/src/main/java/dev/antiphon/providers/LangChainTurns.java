package dev.antiphon.providers;

import dev.antiphon.api.model.ModelCall;
import dev.antiphon.api.model.ModelTurn;
import dev.antiphon.api.model.ToolCall;
import dev.antiphon.protocol.InvalidInput;
import dev.antiphon.protocol.Json;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Converts turns and tools into LangChain4j's form, and back.
final class LangChainTurns {

    private final String provider;

    /// @param provider the owner of the notes that are read and written
    LangChainTurns(String provider) {
        this.provider = provider;
    }

    /// Returns the turns, the system prompt first.
    ///
    /// @param call with its turns in order ({@link TurnOrder})
    List<ChatMessage> messages(ModelCall call) {
        List<ChatMessage> messages = new ArrayList<>();
        if (call.systemPrompt() != null) {
            messages.add(SystemMessage.from(call.systemPrompt()));
        }
        call.turns().forEach(turn -> messages.add(message(turn)));
        return messages;
    }

    private ChatMessage message(ModelTurn turn) {
        return switch (turn) {
            case ModelTurn.Instruction(String text) -> SystemMessage.from(text);
            case ModelTurn.User(String text) -> UserMessage.from(text);
            case ModelTurn.Assistant assistant -> message(assistant);
            case ModelTurn.ToolResult(String callId, String name, String text) ->
                    ToolExecutionResultMessage.from(callId, name, text);
        };
    }

    private AiMessage message(ModelTurn.Assistant turn) {
        AiMessage.Builder message =
                AiMessage.builder()
                        .text(
                                turn.text().isEmpty() && !turn.toolCalls().isEmpty()
                                        ? null
                                        : turn.text())
                        .toolExecutionRequests(
                                turn.toolCalls().stream().map(LangChainTurns::request).toList());
        read(turn.notes(), message);
        return message.build();
    }

    private static ToolExecutionRequest request(ToolCall call) {
        return ToolExecutionRequest.builder()
                .id(call.id())
                .name(call.name())
                .arguments(ToolArguments.sentBack(call))
                .build();
    }

    /// Data that a service needs to see again with an answer.
    ///
    /// @param thinking the reasoning
    /// @param attributes texts and lists of texts, under LangChain4j's names for them
    record Notes(String thinking, ObjectNode attributes) {

        static final Notes NONE = new Notes("", Json.object());

        private boolean isNone() {
            return thinking.isEmpty() && attributes.isEmpty();
        }
    }

    /// The answer as a later call must see it.
    ///
    /// @param calls with the ids that the sink received
    ModelTurn.Assistant turn(String text, List<ToolCall> calls, Notes notes) {
        if (notes.isNone()) {
            return new ModelTurn.Assistant(text, calls, "");
        }
        ObjectNode written = Json.object().put("provider", provider);
        if (!notes.thinking().isEmpty()) {
            written.put("thinking", notes.thinking());
        }
        written.set("attributes", notes.attributes());
        return new ModelTurn.Assistant(text, calls, written.toString());
    }

    private void read(String notes, AiMessage.Builder message) {
        if (notes.isEmpty()) {
            return;
        }
        JsonNode read = parse(notes);
        if (!read.path("provider").stringValue("").equals(provider)) {
            return; // another provider's
        }
        JsonNode thinking = read.path("thinking");
        if (thinking.isString()) {
            message.thinking(thinking.stringValue());
        }
        Map<String, Object> attributes = new HashMap<>();
        read.path("attributes")
                .properties()
                .forEach(each -> attributes.put(each.getKey(), value(each.getValue())));
        message.attributes(attributes);
    }

    private static Object value(JsonNode attribute) {
        return attribute.isArray()
                ? attribute.valueStream().map(JsonNode::asString).toList()
                : attribute.asString();
    }

    private static JsonNode parse(String notes) {
        try {
            return Json.readObject(notes.getBytes(StandardCharsets.UTF_8));
        } catch (InvalidInput e) {
            return Json.object(); // not ours
        }
    }
}
