package dev.antiphon.api.model;

import java.time.Duration;

/// The time limits of one model call. Each is longer than zero.
///
/// Signs of life are the events of the service, with or without a piece of the answer, and the comments in its event
/// stream. An incomplete event or comment is no sign of life.
///
/// @param connect longest time to open the connection
/// @param firstToken longest silence before the first piece of text or reasoning, measured from the call and again from
///     each sign of life
/// @param idle longest silence after the first piece, between two signs of life
/// @param total longest time from the call to the end of the answer, however many signs of life come
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
