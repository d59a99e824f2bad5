package dev.antiphon.api.model;

import dev.antiphon.protocol.Json;

/// A request of a model to run a tool.
///
/// @param id unique within the answer; the result refers to it
/// @param name of the tool, as the model wrote it: there may be no such tool
/// @param arguments the JSON text that the model wrote. It can be anything: check it against the schema of the tool. An
///     empty object when the model wrote nothing
public record ToolCall(String id, String name, String arguments) {

    ToolCall encodable() {
        return new ToolCall(Json.encodable(id), Json.encodable(name), Json.encodable(arguments));
    }
}
