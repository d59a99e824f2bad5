package dev.antiphon.testkit;

import static dev.antiphon.testkit.Wire.quoted;

import dev.antiphon.testkit.FakeModelServer.Request;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;

import java.util.Map;

/// Ollama's `api/chat`: lines of JSON.
public final class OllamaWire implements Wire {

    @Override
    public String provider() {
        return "ollama";
    }

    @Override
    public String path() {
        return "";
    }

    @Override
    public String contentType() {
        return "application/x-ndjson";
    }

    private static String line(String message, String more) {
        return "{\"model\":\""
                + MODEL
                + "\",\"created_at\":\"2026-11-01T12:00:00.123456Z\",\"message\":{\"role\":\"assistant\","
                + message
                + "},"
                + more
                + "}\n";
    }

    @Override
    public Map<String, String> environment(String address) {
        return Map.of("OLLAMA_BASE_URL", address + path());
    }

    @Override
    public String toString() {
        return provider();
    }

    @Override
    public String begin() {
        return "\n";
    }

    @Override
    public String text(String piece) {
        return line("\"content\":" + quoted(piece), "\"done\":false");
    }

    @Override
    public String reasoning(String piece) {
        return line("\"content\":\"\",\"thinking\":" + quoted(piece), "\"done\":false");
    }

    @Override
    public String toolCall(int index, String id, String name, String arguments) {
        return line(
                "\"content\":\"\",\"tool_calls\":[{\"id\":\""
                        + id
                        + "\",\"function\":{\"index\":"
                        + index
                        + ",\"name\":\""
                        + name
                        + "\",\"arguments\":"
                        + arguments
                        + "}}]",
                "\"done\":false");
    }

    @Override
    public String end(Reason reason, @Nullable Integer tokens) {
        return line(
                "\"content\":\"\"",
                "\"done\":true,\"done_reason\":\""
                        + (reason == Reason.LENGTH ? "length" : "stop")
                        + "\",\"total_duration\":1"
                        + (tokens == null
                                ? ""
                                : ",\"prompt_eval_count\":9,\"eval_count\":" + tokens));
    }

    @Override
    public String error() {
        return "{\"error\":\"leak\"}\n";
    }

    @Override
    public String hugeBeginning() {
        return "{\"message\":{\"content\":\"";
    }

    @Override
    public String malformed() {
        return "{\"leak\n";
    }

    @Override
    public String keepAlive() {
        return "\n";
    }

    @Override
    public Asked asked(Request request) {
        JsonNode body = request.body();
        JsonNode options = body.path("options");
        return new Asked(
                body.path("model").asString(""),
                options.has("temperature") ? options.get("temperature").asDouble() : null,
                options.has("num_predict") ? options.get("num_predict").asInt() : null,
                body.path("messages").path(0).path("content").asString(""),
                body.toString());
    }
}
