package dev.antiphon.engine.run;

import dev.antiphon.protocol.Completion;

import org.jspecify.annotations.Nullable;

/// Adds up the tokens of an answer's model calls. Not thread-safe.
final class Usage {

    private static final Completion NOTHING_MEASURED =
            new Completion("", null, Completion.FinishReason.STOP);

    private @Nullable Completion total;

    /// @param before of the finished steps; null when they called no model
    /// @param tokens of unfinished steps whose text remains
    Usage(@Nullable Completion before, int tokens) {
        this.total =
                tokens == 0
                        ? before
                        : withTokens(before == null ? NOTHING_MEASURED : before, tokens);
    }

    /// Adds a model call. Model and finish reason are those of the last call.
    void add(Completion measured) {
        Completion before = total;
        total =
                before == null || before.tokensUsed() == null
                        ? measured
                        : withTokens(measured, before.tokensUsed());
    }

    private static Completion withTokens(Completion completion, int more) {
        Integer tokens = completion.tokensUsed();
        return new Completion(
                completion.model(),
                tokens == null ? more : tokens + more,
                completion.finishReason(),
                completion.stopReason());
    }

    /// Null when no model was called.
    @Nullable Completion soFar() {
        return total;
    }

    Completion atEnd() {
        Completion measured = total;
        return measured == null ? NOTHING_MEASURED : measured;
    }
}
