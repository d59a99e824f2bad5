package dev.antiphon.worker.provider;

import dev.antiphon.protocol.InvalidInput;
import dev.antiphon.protocol.Json;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// A model's wish to have a tool run.
///
/// @param id unique within the answer; a result names it
/// @param arguments the JSON text that the model wrote, which may be anything: check it against the tool's schema. An
///     empty object when the model wrote none
public record ToolCall(String id, String name, String arguments) {

    /// The arguments as services take them back, which is a JSON object: they refuse a conversation with anything else for
    /// good. What is none stands in one as text.
    String argumentsSentBack() {
        try {
            ObjectNode object = Json.ofService(arguments);
            JsonNode encodable = Json.encodable(object);
            return encodable.equals(object) ? arguments : encodable.toString();
        } catch (InvalidInput e) {
            return Json.object().put("invalid_json", arguments).toString();
        }
    }

    ToolCall encodable() {
        return new ToolCall(Json.encodable(id), Json.encodable(name), Json.encodable(arguments));
    }
}
