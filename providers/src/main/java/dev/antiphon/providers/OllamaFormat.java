package dev.antiphon.providers;

import dev.antiphon.transport.Dialect.Verdict;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import java.util.Set;

/// Ollama's `api/chat`. Each tool call arrives complete; newer versions only add a number.
final class OllamaFormat implements AnswerFormat {

    private static final Stops STOPS =
            new Stops(Set.of("stop"), Set.of("tool_calls"), Set.of("length"), Set.of());

    @Override
    public Stops stops() {
        return STOPS;
    }

    @Override
    public Verdict read(@Nullable String event, ObjectNode data, IncomingAnswer answer) {
        answer.model(data.path("model"));
        JsonNode message = data.path("message");
        answer.reasoning(message.path("thinking").stringValue(""));
        answer.text(message.path("content").stringValue(""));
        for (JsonNode call : message.path("tool_calls")) {
            JsonNode function = call.path("function");
            answer.wholeToolCall(
                    call.path("id").stringValue(""),
                    function.path("name").stringValue(""),
                    OpenAiFormat.argumentsOf(function.path("arguments")));
        }
        if (!data.path("done").asBoolean(false)) {
            return new Verdict.Part();
        }
        answer.tokens(data.path("eval_count").asInt(0));
        answer.stopped(data.path("done_reason"));
        return new Verdict.End();
    }
}
