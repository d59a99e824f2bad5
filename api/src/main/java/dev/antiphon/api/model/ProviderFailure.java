package dev.antiphon.api.model;

import dev.antiphon.protocol.ErrorCode;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.Optional;

/// A model call that failed. The message is shown to the user: one sentence, never a secret.
public final class ProviderFailure extends Exception {

    private final ErrorCode code;
    private final String message;
    private final @Nullable Duration retryAfter;
    private final @Nullable String stopReason;

    public ProviderFailure(ErrorCode code, String message, @Nullable Throwable cause) {
        this(code, message, cause, null, null);
    }

    private ProviderFailure(
            ErrorCode code,
            String message,
            @Nullable Throwable cause,
            @Nullable Duration retryAfter,
            @Nullable String stopReason) {
        super(message, cause);
        this.code = code;
        this.message = message;
        this.retryAfter = retryAfter;
        this.stopReason = stopReason;
    }

    /// A failure that may pass: no piece of the answer has come, and the same call may succeed later.
    ///
    /// @param retryAfter how long the service asks to wait; zero when it does not say
    public static ProviderFailure passing(ErrorCode code, String message, Duration retryAfter) {
        return new ProviderFailure(code, message, null, retryAfter, null);
    }

    /// The same failure with the service's word for why it stopped.
    ///
    /// @param word shown to the user as it is; null for none
    public ProviderFailure withStopReason(@Nullable String word) {
        return new ProviderFailure(code, message, getCause(), retryAfter, word);
    }

    /// The service's word for why it stopped, fit to be shown; empty when it said none.
    public Optional<String> stopReason() {
        return Optional.ofNullable(stopReason);
    }

    public ErrorCode code() {
        return code;
    }

    @Override
    public String getMessage() {
        return message;
    }

    /// How long to wait before the call is repeated; empty when it must not be.
    public Optional<Duration> retryAfter() {
        return Optional.ofNullable(retryAfter);
    }
}
