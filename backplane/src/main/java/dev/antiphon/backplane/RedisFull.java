package dev.antiphon.backplane;

/// Redis has no memory for new data. A retry helps after keys have expired or an operator has given Redis more memory.
public final class RedisFull extends Unavailable {

    RedisFull(String message, Throwable cause) {
        super(message, cause);
    }
}
