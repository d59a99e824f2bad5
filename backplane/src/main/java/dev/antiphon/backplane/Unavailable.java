package dev.antiphon.backplane;

import org.jspecify.annotations.Nullable;

/// Redis or NATS did not answer in time, or cannot be used as it is set up. The message is one line for an operator.
public final class Unavailable extends RuntimeException {

    public Unavailable(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
