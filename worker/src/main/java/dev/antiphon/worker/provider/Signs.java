package dev.antiphon.worker.provider;

import dev.antiphon.protocol.InvalidInput;
import dev.antiphon.protocol.Json;
import dev.antiphon.worker.provider.http.Dialect.Sign;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;

import java.nio.charset.StandardCharsets;
import java.util.Locale;

/// What services' ways to report an error have in common.
final class Signs {

    private Signs() {}

    /// The error that an event or a refusal's body reports, or null: `{"error":{"type","code","status","message"}}` with some
    /// of these, `{"error":"…"}`, or an event of that name.
    static @Nullable Sign failure(@Nullable String event, String data) {
        boolean isError = "error".equals(event);
        // In a text the quotes would be escaped.
        if (!isError && !data.contains("\"error\"")) {
            return null;
        }
        JsonNode object = parse(data);
        JsonNode error = object.path("error");
        if (error.isObject()) {
            return new Sign.Failure(name(error));
        }
        return isError || error.isString() ? new Sign.Failure(name(object)) : null;
    }

    private static @Nullable String name(JsonNode error) {
        for (String field : new String[] {"code", "status", "type"}) {
            if (error.path(field).isString()) {
                return error.path(field).stringValue().toLowerCase(Locale.ROOT);
            }
        }
        return null;
    }

    /// An empty object when it is none: the library will say that it is malformed.
    static JsonNode parse(String data) {
        try {
            return Json.readObject(data.getBytes(StandardCharsets.UTF_8));
        } catch (InvalidInput e) {
            return Json.object();
        }
    }
}
