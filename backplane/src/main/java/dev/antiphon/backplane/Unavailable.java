package dev.antiphon.backplane;

import org.jspecify.annotations.Nullable;

/// Redis, NATS or PostgreSQL did not answer in time, or cannot be used as it is set up. The message is one line for an
/// operator.
public sealed class Unavailable extends RuntimeException permits RedisFull {

    public Unavailable(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
