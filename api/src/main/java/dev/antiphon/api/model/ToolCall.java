package dev.antiphon.api.model;

import dev.antiphon.protocol.Json;

/// A model's wish to have a tool run.
///
/// @param id unique within the answer; a result names it
/// @param arguments the JSON text that the model wrote, which may be anything: check it against the tool's schema. An
///     empty object when the model wrote none
public record ToolCall(String id, String name, String arguments) {

    ToolCall encodable() {
        return new ToolCall(Json.encodable(id), Json.encodable(name), Json.encodable(arguments));
    }
}
