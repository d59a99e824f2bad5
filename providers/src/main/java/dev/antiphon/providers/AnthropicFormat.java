package dev.antiphon.providers;

import dev.antiphon.transport.Dialect.Verdict;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import java.util.Set;

/// Anthropic's Messages.
final class AnthropicFormat implements AnswerFormat {

    /// `pause_turn` is a pause of tools that the service runs itself; we request none.
    private static final Stops STOPS =
            new Stops(
                    Set.of("end_turn", "stop_sequence"),
                    Set.of("tool_use"),
                    Set.of("max_tokens", "model_context_window_exceeded"),
                    Set.of());

    private static final String SIGNATURE = "thinking_signature";

    @Override
    public Stops stops() {
        return STOPS;
    }

    /// The name of an event is in its data too, and some servers send only one of the two.
    @Override
    public Verdict read(@Nullable String event, ObjectNode data, IncomingAnswer answer) {
        String type = data.path("type").stringValue(event == null ? "" : event);
        switch (type) {
            case "message_start" -> {
                answer.model(data.path("message").path("model"));
                tokens(data.path("message").path("usage"), answer);
            }
            case "content_block_start" -> begin(index(data), data.path("content_block"), answer);
            case "content_block_delta" -> piece(index(data), data.path("delta"), answer);
            case "message_delta" -> {
                answer.stopped(data.path("delta").path("stop_reason"));
                tokens(data.path("usage"), answer);
            }
            case "message_stop" -> {
                return new Verdict.End();
            }
            case "message" -> {
                return whole(data, answer);
            }
            default -> {} // pings, and new kinds of events
        }
        return new Verdict.Part();
    }

    private static @Nullable Integer index(JsonNode data) {
        JsonNode index = data.path("index");
        return index.isIntegralNumber() ? index.asInt() : null;
    }

    private static void tokens(JsonNode usage, IncomingAnswer answer) {
        JsonNode tokens = usage.path("output_tokens");
        if (tokens.isIntegralNumber()) {
            answer.tokens(tokens.asInt());
        }
    }

    private static void begin(@Nullable Integer index, JsonNode block, IncomingAnswer answer) {
        switch (block.path("type").stringValue("")) {
            case "text" -> answer.text(block.path("text").stringValue(""));
            case "thinking" -> {
                answer.reasoning(block.path("thinking").stringValue(""));
                sign(block, answer);
            }
            case "redacted_thinking" ->
                    answer.notes()
                            .withArray("redacted_thinking")
                            .add(block.path("data").stringValue(""));
            case "tool_use" -> {
                JsonNode input = block.path("input");
                answer.newToolCall(
                        index,
                        block.path("id").stringValue(""),
                        block.path("name").stringValue(""),
                        input.isEmpty() ? "" : OpenAiFormat.argumentsOf(input));
            }
            default -> {}
        }
    }

    private static void piece(@Nullable Integer index, JsonNode delta, IncomingAnswer answer) {
        answer.text(delta.path("text").stringValue(""));
        answer.reasoning(delta.path("thinking").stringValue(""));
        sign(delta, answer);
        JsonNode arguments = delta.path("partial_json");
        if (arguments.isString() && !arguments.stringValue().isEmpty()) {
            answer.toolCall(index, "", "", arguments.stringValue());
        }
    }

    private static void sign(JsonNode block, IncomingAnswer answer) {
        String signature = block.path("signature").stringValue("");
        if (!signature.isEmpty()) {
            String before = answer.notes().path(SIGNATURE).stringValue("");
            answer.notes().put(SIGNATURE, before + signature);
        }
    }

    private static Verdict whole(JsonNode message, IncomingAnswer answer) {
        answer.model(message.path("model"));
        tokens(message.path("usage"), answer);
        message.path("content").forEach(block -> begin(null, block, answer));
        answer.stopped(message.path("stop_reason"));
        return new Verdict.End();
    }
}
