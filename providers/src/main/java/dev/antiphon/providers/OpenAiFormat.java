package dev.antiphon.providers;

import dev.antiphon.transport.Dialect.Verdict;
import dev.antiphon.transport.ServiceErrors;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import java.util.Set;

/// Chat Completions, as the many compatible servers stream them.
final class OpenAiFormat implements AnswerFormat {

    /// OpenAI's own words, and those of servers that pass on why their engine stopped.
    private static final Stops STOPS =
            new Stops(
                    Set.of("stop", "eos", "eos_token", "end_turn", "stop_sequence"),
                    Set.of("tool_calls", "function_call", "tool_use"),
                    Set.of("length", "max_tokens", "model_length", "model_context_window_exceeded"),
                    Set.of("content_filter", "safety"));

    @Override
    public Stops stops() {
        return STOPS;
    }

    @Override
    public Verdict read(@Nullable String event, ObjectNode data, IncomingAnswer answer) {
        answer.model(data.path("model"));
        JsonNode usage = data.path("usage").path("completion_tokens");
        if (usage.isIntegralNumber()) {
            answer.tokens(usage.asInt());
        }
        JsonNode choices = data.path("choices");
        if (!choices.isArray() && !choices.isMissingNode() && !choices.isNull()) {
            throw new IllegalArgumentException("choices is not an array");
        }
        JsonNode choice = choices.path(0);
        Verdict failure = choice.isObject() ? ServiceErrors.failure(null, choice) : null;
        if (failure != null) {
            return failure;
        }
        // A server that does not stream sends the complete answer as a message.
        boolean isWhole = choice.path("message").isObject() && !choice.path("delta").isObject();
        take(isWhole ? choice.path("message") : choice.path("delta"), answer);
        answer.stopped(choice.path("finish_reason"));
        return isWhole ? new Verdict.End() : new Verdict.Part();
    }

    private static void take(JsonNode delta, IncomingAnswer answer) {
        JsonNode thinking = delta.path("reasoning_content");
        if (thinking.isString()) {
            if (!thinking.stringValue().isEmpty()) {
                answer.wantsReasoningBack();
            }
            answer.reasoning(thinking.stringValue());
        } else {
            answer.reasoning(delta.path("reasoning").stringValue(""));
        }
        content(delta.path("content"), answer);
        answer.text(delta.path("refusal").stringValue(""));
        for (JsonNode call : delta.path("tool_calls")) {
            JsonNode index = call.path("index");
            piece(
                    index.isIntegralNumber() ? index.asInt() : null,
                    call.path("id").asString(""),
                    call.path("function"),
                    answer);
        }
        if (delta.path("function_call").isObject()) { // the protocol before parallel calls
            piece(null, "", delta.path("function_call"), answer);
        }
    }

    private static void piece(
            @Nullable Integer index, String id, JsonNode function, IncomingAnswer answer) {
        answer.toolCall(
                index,
                id,
                function.path("name").stringValue(""),
                argumentsOf(function.path("arguments")));
    }

    /// A text of JSON, or the JSON itself.
    static String argumentsOf(JsonNode arguments) {
        return arguments.isContainer() ? arguments.toString() : arguments.stringValue("");
    }

    /// A text, or blocks of text and reasoning.
    private static void content(JsonNode content, IncomingAnswer answer) {
        if (content.isString()) {
            answer.text(content.stringValue());
        }
        for (JsonNode block : content.isArray() ? content : content.path("parts")) {
            if (block.isString()) {
                answer.text(block.stringValue());
                continue;
            }
            answer.text(block.path("text").stringValue(""));
            answer.text(block.path("refusal").stringValue(""));
            JsonNode thinking = block.path("thinking");
            answer.reasoning(thinking.stringValue(""));
            thinking.forEach(each -> answer.reasoning(each.path("text").stringValue("")));
        }
    }
}
