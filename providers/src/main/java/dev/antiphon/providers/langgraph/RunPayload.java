package dev.antiphon.providers.langgraph;

import dev.antiphon.api.model.ModelCall;
import dev.antiphon.api.model.ModelCall.Asker;
import dev.antiphon.protocol.InvalidInput;
import dev.antiphon.protocol.Json;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// The input of a run: the user's message or the user's answer to the graph's question, and settings.
final class RunPayload {

    private RunPayload() {}

    static ObjectNode of(ModelCall call, Asker asker) {
        ObjectNode payload = Json.object();
        if (asker.answers().isEmpty()) {
            // With an id of ours: if the graph sees the message twice, it treats the second as
            // the first.
            payload.putObject("input")
                    .putArray("messages")
                    .addObject()
                    .put("type", "human")
                    .put("id", asker.message().value())
                    .put("content", call.message());
        } else {
            payload.putObject("command").set("resume", json(asker.answers().getLast()));
        }
        ObjectNode settings = Json.object();
        if (call.systemPrompt() != null) {
            settings.put("system_prompt", call.systemPrompt());
        }
        if (call.temperature() != null) {
            settings.put("temperature", call.temperature());
        }
        if (call.maxTokens() != null) {
            settings.put("max_tokens", call.maxTokens());
        }
        if (!settings.isEmpty()) {
            payload.putObject("config").set("configurable", settings);
        }
        return payload;
    }

    /// An answer is any JSON; other text is sent as a JSON text. A null would not be an answer for a graph.
    private static JsonNode json(String answer) {
        try {
            JsonNode read = Json.valueOfService(answer);
            return read.isNull() || read.isMissingNode()
                    ? JsonNodeFactory.instance.stringNode(answer)
                    : read;
        } catch (InvalidInput e) {
            return JsonNodeFactory.instance.stringNode(answer);
        }
    }
}
