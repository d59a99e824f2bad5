package dev.antiphon.backplane;

/// Redis has no memory for anything new. Repeating the call helps when something expires, or an operator gives it more.
public final class RedisFull extends Unavailable {

    RedisFull(String message, Throwable cause) {
        super(message, cause);
    }
}
