package dev.antiphon.providers.langgraph;

import dev.antiphon.api.model.ModelCall;
import dev.antiphon.api.model.ModelCall.Asker;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// What a run is begun with: the user's message, or his answer to what the graph has asked, and settings.
final class RunPayload {

    private static final JsonMapper JSON = new JsonMapper();

    private RunPayload() {}

    static ObjectNode of(ModelCall call, Asker asker) {
        ObjectNode payload = JSON.createObjectNode();
        if (asker.answers().isEmpty()) {
            // With an id of ours: should the graph see the message twice,
            // it takes the second for the first.
            payload.putObject("input")
                    .putArray("messages")
                    .addObject()
                    .put("type", "human")
                    .put("id", asker.message().value())
                    .put("content", call.message());
        } else {
            payload.putObject("command").set("resume", json(asker.answers().getLast()));
        }
        ObjectNode settings = JSON.createObjectNode();
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

    /// An answer is any JSON; one that is none is a text. A null would be no answer to a graph.
    private static JsonNode json(String answer) {
        try {
            JsonNode read = JSON.readTree(answer);
            return read.isNull() || read.isMissingNode()
                    ? JsonNodeFactory.instance.stringNode(answer)
                    : read;
        } catch (JacksonException e) {
            return JsonNodeFactory.instance.stringNode(answer);
        }
    }
}
