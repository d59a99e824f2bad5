package dev.antiphon.worker.provider;

import dev.antiphon.protocol.ErrorCode;

import org.jspecify.annotations.Nullable;

/// A model call that failed. The message is shown to the user: one sentence, never a secret.
public final class ProviderFailure extends Exception {

    private final ErrorCode code;
    private final String message;

    public ProviderFailure(ErrorCode code, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.code = code;
        this.message = message;
    }

    public ErrorCode code() {
        return code;
    }

    @Override
    public String getMessage() {
        return message;
    }
}
