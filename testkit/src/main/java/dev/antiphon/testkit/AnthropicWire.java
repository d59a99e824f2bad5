package dev.antiphon.testkit;

import static dev.antiphon.testkit.Wire.quoted;

import dev.antiphon.testkit.FakeModelServer.Request;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;

import java.util.Map;

/// Anthropic's Messages. Block 0 holds the text, block 1 the reasoning, and each further block a tool call.
public final class AnthropicWire implements Wire {

    @Override
    public String provider() {
        return "anthropic";
    }

    @Override
    public String path() {
        return "/v1";
    }

    private static String event(String type, String fields) {
        return "event: " + type + "\ndata: {\"type\":\"" + type + "\"" + fields + "}\n\n";
    }

    private static String start(int index, String block) {
        return event("content_block_start", ",\"index\":" + index + ",\"content_block\":" + block);
    }

    private static String delta(int index, String type, String field, String value) {
        return event(
                "content_block_delta",
                ",\"index\":"
                        + index
                        + ",\"delta\":{\"type\":\""
                        + type
                        + "\",\""
                        + field
                        + "\":"
                        + quoted(value)
                        + "}");
    }

    private static String stop(int index) {
        return event("content_block_stop", ",\"index\":" + index);
    }

    @Override
    public Map<String, String> environment(String address) {
        return Map.of("ANTHROPIC_API_KEY", "key", "ANTHROPIC_BASE_URL", address + path());
    }

    @Override
    public String toString() {
        return provider();
    }

    @Override
    public String begin() {
        return event(
                        "message_start",
                        ",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"content\":[],\"model\":\""
                                + MODEL
                                + "\",\"stop_reason\":null,\"stop_sequence\":null}")
                + start(0, "{\"type\":\"text\",\"text\":\"\"}")
                + event("ping", "");
    }

    @Override
    public String text(String piece) {
        return delta(0, "text_delta", "text", piece);
    }

    @Override
    public String reasoning(String piece) {
        return start(1, "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}")
                + delta(1, "thinking_delta", "thinking", piece)
                + delta(1, "signature_delta", "signature", "signed-by-the-service")
                + stop(1);
    }

    @Override
    public String toolCall(int index, String id, String name, String arguments) {
        int block = 2 + index;
        int half = arguments.length() / 2;
        return start(
                        block,
                        "{\"type\":\"tool_use\",\"id\":\""
                                + id
                                + "\",\"name\":\""
                                + name
                                + "\",\"input\":{}}")
                + delta(block, "input_json_delta", "partial_json", "")
                + delta(block, "input_json_delta", "partial_json", arguments.substring(0, half))
                + delta(block, "input_json_delta", "partial_json", arguments.substring(half))
                + stop(block);
    }

    @Override
    public String end(Reason reason, @Nullable Integer tokens) {
        String stopped =
                switch (reason) {
                    case STOP -> "end_turn";
                    case LENGTH -> "max_tokens";
                    case TOOLS -> "tool_use";
                };
        return stop(0)
                + event(
                        "message_delta",
                        ",\"delta\":{\"stop_reason\":\""
                                + stopped
                                + "\",\"stop_sequence\":null}"
                                + (tokens == null
                                        ? ""
                                        : ",\"usage\":{\"output_tokens\":" + tokens + "}"))
                + event("message_stop", "");
    }

    @Override
    public String error() {
        return event("error", ",\"error\":{\"type\":\"invalid_prompt\",\"message\":\"leak\"}");
    }

    @Override
    public String hugeBeginning() {
        return "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"text\":\"";
    }

    @Override
    public String malformed() {
        return "event: content_block_delta\ndata: {\"leak\n\n";
    }

    @Override
    public String keepAlive() {
        return event("ping", "");
    }

    @Override
    public Asked asked(Request request) {
        JsonNode body = request.body();
        return new Asked(
                body.path("model").asString(""),
                body.has("temperature") ? body.get("temperature").asDouble() : null,
                body.has("max_tokens") ? body.get("max_tokens").asInt() : null,
                body.path("system").path(0).path("text").asString(""),
                body.toString());
    }
}
