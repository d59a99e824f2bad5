package dev.antiphon.providers;

import dev.antiphon.api.model.ToolCall;
import dev.antiphon.protocol.InvalidInput;
import dev.antiphon.protocol.Json;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// The arguments of a tool call in the form in which services accept them back: a JSON object. Services refuse a
/// conversation with anything else in it permanently.
final class ToolArguments {

    private ToolArguments() {}

    /// The arguments if they are an object; otherwise an object that holds them as text.
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
