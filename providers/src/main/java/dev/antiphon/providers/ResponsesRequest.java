package dev.antiphon.providers;

import dev.antiphon.api.model.ModelCall;
import dev.antiphon.api.model.ModelTurn;
import dev.antiphon.api.model.ToolCall;
import dev.antiphon.api.model.ToolSpec;
import dev.antiphon.protocol.Json;
import dev.antiphon.transport.ServiceErrors;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Requests to OpenAI's Responses.
final class ResponsesRequest {

    /// Marks notes as ours: the output items of an answer, which the service needs to get back unchanged.
    private static final String NOTES = "openai-responses";

    private ResponsesRequest() {}

    /// The body that creates a response.
    static String body(
            ModelCall call, @Nullable String model, boolean background, boolean reasoning) {
        ObjectNode body = Json.object();
        if (model != null) {
            body.put("model", model);
        }
        body.put("stream", true).put("background", background).put("store", background);
        String system = call.systemPrompt();
        if (system != null && !system.isBlank()) {
            body.put("instructions", system);
        }
        ArrayNode input = body.putArray("input");
        call.turns().forEach(turn -> put(input, turn));
        if (call.temperature() != null) {
            body.put("temperature", call.temperature());
        }
        if (call.maxTokens() != null) {
            body.put("max_output_tokens", call.maxTokens());
        }
        if (reasoning) {
            body.putObject("reasoning").put("summary", "auto");
            if (!background) { // the service does not store it, so the next request must contain it
                body.putArray("include").add("reasoning.encrypted_content");
            }
        }
        if (!call.tools().isEmpty()) {
            ArrayNode tools = body.putArray("tools");
            call.tools().forEach(tool -> put(tools, tool));
        }
        return body.toString();
    }

    private static void put(ArrayNode tools, ToolSpec tool) {
        tools.addObject()
                .put("type", "function")
                .put("name", tool.name())
                .put("description", tool.description())
                .put("strict", false) // strict tools support only part of JSON schema
                .set("parameters", tool.parameters());
    }

    private static void put(ArrayNode input, ModelTurn turn) {
        switch (turn) {
            case ModelTurn.Instruction(String text) -> message(input, "system", text);
            case ModelTurn.User(String text) -> message(input, "user", text);
            case ModelTurn.Assistant assistant -> put(input, assistant);
            case ModelTurn.ToolResult(String callId, _, String text) ->
                    input.addObject()
                            .put("type", "function_call_output")
                            .put("call_id", callId)
                            .put("output", text);
        }
    }

    private static void put(ArrayNode input, ModelTurn.Assistant turn) {
        JsonNode notes = turn.notes().isEmpty() ? Json.object() : ServiceErrors.parse(turn.notes());
        if (notes.path("provider").stringValue("").equals(NOTES)) {
            notes.path("items").forEach(item -> input.add(sentBack(item)));
            return;
        }
        if (!turn.text().isBlank()) {
            message(input, "assistant", turn.text());
        }
        for (ToolCall call : turn.toolCalls()) {
            input.addObject()
                    .put("type", "function_call")
                    .put("call_id", call.id())
                    .put("name", call.name())
                    .put("arguments", ToolArguments.sentBack(call));
        }
    }

    /// The item as the service wrote it, except for arguments that it would refuse to get back.
    private static JsonNode sentBack(JsonNode item) {
        if (!item.path("type").stringValue("").equals("function_call")) {
            return item;
        }
        String written = item.path("arguments").stringValue("");
        ToolCall call = new ToolCall("", "", written.isBlank() ? "{}" : written);
        return ((ObjectNode) item.deepCopy()).put("arguments", ToolArguments.sentBack(call));
    }

    private static void message(ArrayNode input, String role, String text) {
        input.addObject().put("role", role).put("content", text);
    }

    /// The notes of an answer with these output items; empty for an answer of text alone.
    static String notes(ArrayNode items) {
        boolean isTextAlone =
                items.valueStream()
                        .allMatch(item -> item.path("type").stringValue("").equals("message"));
        if (isTextAlone) {
            return "";
        }
        ObjectNode notes = Json.object().put("provider", NOTES);
        notes.set("items", items);
        return notes.toString();
    }
}
