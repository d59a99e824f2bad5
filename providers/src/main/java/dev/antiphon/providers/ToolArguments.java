package dev.antiphon.providers;

import dev.antiphon.api.model.ToolCall;
import dev.antiphon.protocol.InvalidInput;
import dev.antiphon.protocol.Json;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// The arguments of a tool call as services take them back, which is a JSON object: services refuse a conversation with
/// anything else for good.
final class ToolArguments {

    private ToolArguments() {}

    /// The arguments when they are an object, else an object that holds them as text.
    static String sentBack(ToolCall call) {
        try {
            ObjectNode object = Json.ofService(call.arguments());
            JsonNode encodable = Json.encodable(object);
            return encodable.equals(object) ? call.arguments() : encodable.toString();
        } catch (InvalidInput e) {
            return Json.object().put("invalid_json", call.arguments()).toString();
        }
    }
}
