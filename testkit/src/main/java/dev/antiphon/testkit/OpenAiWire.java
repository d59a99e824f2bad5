package dev.antiphon.testkit;

import dev.antiphon.testkit.FakeModelServer.Request;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;

import java.util.Map;

/// Chat Completions.
public final class OpenAiWire implements Wire {

    @Override
    public String provider() {
        return "openai";
    }

    @Override
    public String path() {
        return "/v1";
    }

    @Override
    public Map<String, String> environment(String address) {
        return Map.of("OPENAI_BASE_URL", address + path());
    }

    @Override
    public String toString() {
        return provider();
    }

    @Override
    public String begin() {
        return OpenAiStream.role();
    }

    @Override
    public String text(String piece) {
        return OpenAiStream.text(piece);
    }

    @Override
    public String reasoning(String piece) {
        return OpenAiStream.reasoning(piece);
    }

    @Override
    public String toolCall(int index, String id, String name, String arguments) {
        int half = arguments.length() / 2;
        return OpenAiStream.toolCall(index, id, name, "")
                + OpenAiStream.toolCall(index, null, null, arguments.substring(0, half))
                + OpenAiStream.toolCall(index, null, null, arguments.substring(half));
    }

    @Override
    public String end(Reason reason, @Nullable Integer tokens) {
        String finish =
                switch (reason) {
                    case STOP -> "stop";
                    case LENGTH -> "length";
                    case TOOLS -> "tool_calls";
                };
        return OpenAiStream.finish(finish)
                + (tokens == null ? "" : OpenAiStream.usage(9, tokens))
                + OpenAiStream.DONE;
    }

    @Override
    public String error() {
        return "data: {\"error\":{\"message\":\"leak\",\"type\":\"invalid_prompt\",\"code\":null}}\n\n";
    }

    @Override
    public String hugeBeginning() {
        return "data: {\"choices\":[{\"delta\":{\"content\":\"";
    }

    @Override
    public String malformed() {
        return "data: {\"leak\n\n";
    }

    @Override
    public String keepAlive() {
        return ": processing\n\n";
    }

    @Override
    public Asked asked(Request request) {
        JsonNode body = request.body();
        return new Asked(
                body.path("model").asString(""),
                body.has("temperature") ? body.get("temperature").asDouble() : null,
                body.has("max_tokens") ? body.get("max_tokens").asInt() : null,
                body.path("messages").path(0).path("content").asString(""),
                body.toString());
    }
}
