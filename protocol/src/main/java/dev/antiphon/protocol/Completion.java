package dev.antiphon.protocol;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.node.ObjectNode;

import java.util.Locale;

/// The end of an answer: the `metadata` of its last chunk.
///
/// @param tokensUsed as the provider measured it; null when the provider reported none
/// @param stopReason the service's own word for the reason, when `finishReason` does not say it all; otherwise null
public record Completion(
        String model,
        @Nullable Integer tokensUsed,
        FinishReason finishReason,
        @Nullable String stopReason) {

    public Completion(String model, @Nullable Integer tokensUsed, FinishReason finishReason) {
        this(model, tokensUsed, finishReason, null);
    }

    public enum FinishReason {
        STOP,
        LENGTH,
        ERROR,
        CANCELLED;

        public String wire() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// The same completion with a model name that UTF-8 can carry.
    public Completion encodable() {
        return new Completion(Json.encodable(model), tokensUsed, finishReason, stopReason);
    }

    /// The data of the `message_complete` event: a pure function of the final chunk. `token_count` is 0 when the
    /// provider reported none, because clients add it up.
    public byte[] messageComplete(MessageId message) {
        ObjectNode event = Json.object();
        event.put("message_id", message.value());
        event.put("token_count", tokensUsed == null ? 0 : tokensUsed);
        event.put("finish_reason", finishReason.wire());
        return Json.bytes(event);
    }
}
