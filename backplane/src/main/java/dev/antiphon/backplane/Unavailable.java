package dev.antiphon.backplane;

import org.jspecify.annotations.Nullable;

/// Redis, NATS or PostgreSQL did not answer in time, or its set-up does not fit. The message is one line for
/// an operator.
public sealed class Unavailable extends RuntimeException permits RedisFull {

    public Unavailable(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
