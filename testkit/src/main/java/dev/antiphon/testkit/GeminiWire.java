package dev.antiphon.testkit;

import static dev.antiphon.testkit.Wire.quoted;

import dev.antiphon.testkit.FakeModelServer.Request;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;

import java.util.Map;

/// Gemini's streamGenerateContent with `alt=sse`.
public final class GeminiWire implements Wire {

    @Override
    public String provider() {
        return "gemini";
    }

    @Override
    public String path() {
        return "/v1beta";
    }

    private static String event(String parts, String more) {
        return "data: {\"candidates\":[{\"content\":{\"parts\":["
                + parts
                + "],\"role\":\"model\"},\"index\":0"
                + more
                + ",\"modelVersion\":\""
                + MODEL
                + "\",\"responseId\":\"r1\"}\n\n";
    }

    private static String part(String part) {
        return event(part, "}]");
    }

    @Override
    public Map<String, String> environment(String address) {
        return Map.of("GEMINI_API_KEY", "key", "GEMINI_BASE_URL", address + path());
    }

    @Override
    public String toString() {
        return provider();
    }

    @Override
    public String begin() {
        return part("{\"text\":\"\"}");
    }

    @Override
    public String text(String piece) {
        return part("{\"text\":" + quoted(piece) + "}");
    }

    @Override
    public String reasoning(String piece) {
        return part("{\"text\":" + quoted(piece) + ",\"thought\":true}");
    }

    @Override
    public String toolCall(int index, String id, String name, String arguments) {
        return part(
                "{\"functionCall\":{\"id\":\""
                        + id
                        + "\",\"name\":\""
                        + name
                        + "\",\"args\":"
                        + arguments
                        + "},\"thoughtSignature\":\"signed-by-the-service\"}");
    }

    @Override
    public String end(Reason reason, @Nullable Integer tokens) {
        return event(
                "{\"text\":\"\"}",
                ",\"finishReason\":\""
                        + (reason == Reason.LENGTH ? "MAX_TOKENS" : "STOP")
                        + "\"}]"
                        + (tokens == null
                                ? ""
                                : ",\"usageMetadata\":{\"promptTokenCount\":9,\"candidatesTokenCount\":"
                                        + tokens
                                        + ",\"totalTokenCount\":"
                                        + (9 + tokens)
                                        + "}"));
    }

    @Override
    public String error() {
        return "data: {\"error\":{\"code\":400,\"message\":\"leak\",\"status\":\"INVALID_PROMPT\"}}\n\n";
    }

    @Override
    public String hugeBeginning() {
        return "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"";
    }

    @Override
    public String malformed() {
        return "data: {\"leak\n\n";
    }

    @Override
    public String keepAlive() {
        return ": \n\n";
    }

    @Override
    public Asked asked(Request request) {
        JsonNode body = request.body();
        JsonNode config = body.path("generationConfig");
        String path = request.line().split(" ", -1)[1];
        return new Asked(
                path.substring("/v1beta/models/".length(), path.indexOf(":streamGenerateContent")),
                config.has("temperature") ? config.get("temperature").asDouble() : null,
                config.has("maxOutputTokens") ? config.get("maxOutputTokens").asInt() : null,
                body.path("systemInstruction").path("parts").path(0).path("text").asString(""),
                body.toString());
    }
}
