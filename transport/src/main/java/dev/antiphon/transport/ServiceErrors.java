package dev.antiphon.transport;

import dev.antiphon.protocol.InvalidInput;
import dev.antiphon.protocol.Json;
import dev.antiphon.transport.Dialect.Verdict;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;

import java.util.Locale;

/// The ways in which services report an error that many of them have in common.
public final class ServiceErrors {

    private static final int NOT_FOUND = 404;

    private ServiceErrors() {}

    /// The error in an event or in the body of a refusal, or null.
    public static Verdict.@Nullable Failure failure(@Nullable String event, String data) {
        boolean isError = "error".equals(event);
        // Inside a text the quotes would be escaped.
        return isError || data.contains("\"error\"") ? failure(event, parse(data)) : null;
    }

    /// The error that an event reports, or null: `{"error":{"type","code","status","message"}}` with some of these,
    /// `{"error":"…"}`, the same fields under `"object":"error"`, or an event of that name.
    public static Verdict.@Nullable Failure failure(@Nullable String event, JsonNode object) {
        JsonNode error = object.path("error");
        if (error.isObject() && !error.isEmpty()) {
            return failure(error);
        }
        boolean isError =
                "error".equals(event)
                        || object.path("object").stringValue("").equals("error")
                        || (error.isString() && !error.stringValue().isEmpty());
        return isError ? failure(object) : null;
    }

    /// Most services name an error; some only number it, as a text or a number.
    private static Verdict.Failure failure(JsonNode error) {
        String name = null;
        int status = 0;
        for (String field : new String[] {"code", "status", "type"}) {
            JsonNode value = error.path(field);
            String text = value.isIntegralNumber() ? value.toString() : value.stringValue("");
            if (text.matches("[1-5][0-9][0-9]")) {
                status = status == 0 ? Integer.parseInt(text) : status;
            } else if (name == null && value.isString()) {
                name = text.toLowerCase(Locale.ROOT);
            }
        }
        return new Verdict.Failure(name, status);
    }

    /// The error name in the body of a refusal, or null.
    public static @Nullable String refusal(int status, String body) {
        JsonNode object = parse(body);
        if (status == NOT_FOUND && speaksOfAModel(object)) {
            return FailureText.MODEL_NOT_FOUND;
        }
        Verdict.Failure failure = failure(null, object);
        return failure == null ? null : failure.reason();
    }

    /// Whether a service knows the path but not the model: a server that does not know the path does not
    /// mention models.
    private static boolean speaksOfAModel(JsonNode body) {
        return !body.isEmpty() && body.toString().toLowerCase(Locale.ROOT).contains("model");
    }

    /// An empty object when the text is not a JSON object.
    public static JsonNode parse(String data) {
        try {
            return Json.ofService(data);
        } catch (InvalidInput e) {
            return Json.object();
        }
    }
}
