package dev.antiphon.worker.provider;

import dev.antiphon.protocol.RequestContext.Turn;

import org.jspecify.annotations.Nullable;

import java.util.List;

/// One call of a model.
///
/// @param model as the request or the settings name it; null for the provider's own default
/// @param turns what the model sees, oldest first; the last one is the user's message
/// @param streamed what an earlier attempt has streamed of the answer; empty unless the provider's
///     continuation is REPLAY
public record ModelCall(
        @Nullable String model,
        @Nullable String systemPrompt,
        List<Turn> turns,
        @Nullable Double temperature,
        @Nullable Integer maxTokens,
        String streamed) {

    public ModelCall {
        turns = List.copyOf(turns);
    }

    /// What the user asked.
    public String message() {
        return turns.getLast().content();
    }
}
