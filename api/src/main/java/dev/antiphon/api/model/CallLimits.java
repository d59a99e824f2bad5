package dev.antiphon.api.model;

import java.time.Duration;

/// How long a model call may take. All are longer than zero.
///
/// @param connect until the connection stands
/// @param firstToken between two signs of life until the first piece of text or reasoning; the call is the first of them
/// @param idle between two signs of life of an answer that has begun. Signs of life are events, with or without a piece of
///     the answer, and comments; half of either is none
/// @param total from the call until the end of the answer, whatever signs of life come
public record CallLimits(Duration connect, Duration firstToken, Duration idle, Duration total) {

    public CallLimits {
        requirePositive(connect);
        requirePositive(firstToken);
        requirePositive(idle);
        requirePositive(total);
    }

    private static void requirePositive(Duration limit) {
        if (!limit.isPositive()) {
            throw new IllegalArgumentException("a limit must be longer than zero, but is " + limit);
        }
    }
}
