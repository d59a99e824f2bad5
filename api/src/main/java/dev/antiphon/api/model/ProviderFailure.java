package dev.antiphon.api.model;

import dev.antiphon.protocol.ErrorCode;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.Optional;

/// A model call that failed. Users see the message: one sentence that begins with `The provider 'NAME'` and has no text
/// of the service in it, because that can repeat prompts and keys.
public final class ProviderFailure extends Exception {

    private final ErrorCode code;
    private final String message;
    private final @Nullable Duration retryAfter;
    private final @Nullable String stopReason;

    /// A failure after which the call must not be retried.
    ///
    /// @param code the error code that clients see
    /// @param message one sentence for the user
    /// @param cause for the log; null for none
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

    /// A temporary failure: no piece of the answer has come, and the same call can succeed later. The worker
    /// retries it.
    ///
    /// @param code the error code that clients see if every retry fails
    /// @param message one sentence for the user
    /// @param retryAfter how long the service asks to wait; zero when it does not say
    public static ProviderFailure passing(ErrorCode code, String message, Duration retryAfter) {
        return new ProviderFailure(code, message, null, retryAfter, null);
    }

    /// Returns the same failure with the service's own word for why it stopped.
    ///
    /// @param word shown to the user unchanged; null for none
    public ProviderFailure withStopReason(@Nullable String word) {
        return new ProviderFailure(code, message, getCause(), retryAfter, word);
    }

    /// The service's own word for why it stopped, safe to show; empty when the service gave none.
    public Optional<String> stopReason() {
        return Optional.ofNullable(stopReason);
    }

    /// The error code that clients see.
    public ErrorCode code() {
        return code;
    }

    @Override
    public String getMessage() {
        return message;
    }

    /// How long to wait before the call is retried; empty when it must not be retried.
    public Optional<Duration> retryAfter() {
        return Optional.ofNullable(retryAfter);
    }
}
