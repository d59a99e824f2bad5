package dev.antiphon.worker.provider.http;

import java.time.Duration;

/// How long a model call may take. All are longer than zero.
///
/// @param connect until the connection stands
/// @param firstToken from the call until the first piece of text or reasoning
/// @param idle between two events of an answer that has begun; comments and half events do not count
/// @param total from the call until the end of the answer
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
