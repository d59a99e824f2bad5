package dev.antiphon.providers;

import dev.antiphon.transport.Dialect.Verdict;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import java.util.Locale;
import java.util.Set;

/// Gemini's streamGenerateContent.
final class GeminiFormat implements AnswerFormat {

    private static final Stops STOPS =
            new Stops(
                    Set.of("stop"),
                    Set.of(),
                    Set.of("max_tokens"),
                    Set.of(
                            "safety",
                            "recitation",
                            "blocklist",
                            "prohibited_content",
                            "spii",
                            "image_safety",
                            "model_armor"));

    private static final String SIGNATURE = "thinking_signature";

    private boolean hasSignedCall;

    @Override
    public Stops stops() {
        return STOPS;
    }

    /// A finish reason ends the answer, though some models send it with every event. A refused prompt is reported
    /// without one.
    @Override
    public Verdict read(@Nullable String event, ObjectNode data, IncomingAnswer answer) {
        JsonNode blocked = data.path("promptFeedback").path("blockReason");
        if (blocked.isString()) {
            return new Verdict.Failure(blocked.stringValue().toLowerCase(Locale.ROOT));
        }
        answer.model(data.path("modelVersion"));
        JsonNode usage = data.path("usageMetadata");
        if (usage.path("candidatesTokenCount").asInt(0) > 0) {
            // Reasoning is counted separately.
            answer.tokens(
                    usage.path("candidatesTokenCount").asInt(0)
                            + usage.path("thoughtsTokenCount").asInt(0));
        }
        JsonNode candidate = data.path("candidates").path(0);
        candidate.path("content").path("parts").forEach(part -> take(part, answer));
        answer.stopped(candidate.path("finishReason"));
        return candidate.path("finishReason").isString()
                ? new Verdict.MayEnd()
                : new Verdict.Part();
    }

    private void take(JsonNode part, IncomingAnswer answer) {
        String text = part.path("text").stringValue("");
        if (part.path("thought").asBoolean(false)) {
            answer.reasoning(text);
        } else {
            answer.text(text);
        }
        JsonNode call = part.path("functionCall");
        if (call.isObject()) {
            answer.wholeToolCall(
                    call.path("id").stringValue(""),
                    call.path("name").stringValue(""),
                    OpenAiFormat.argumentsOf(call.path("args")));
        }
        String signature = part.path("thoughtSignature").stringValue("");
        // The service requires the signature of the first call; without calls, any one is enough.
        boolean isWanted = call.isObject() ? !hasSignedCall : !answer.notes().has(SIGNATURE);
        if (!signature.isEmpty() && isWanted) {
            hasSignedCall = call.isObject();
            answer.notes().put(SIGNATURE, signature);
        }
    }
}
