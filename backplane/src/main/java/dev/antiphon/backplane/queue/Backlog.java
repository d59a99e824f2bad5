package dev.antiphon.backplane.queue;

import java.time.Duration;

/// The contents of the queue.
///
/// @param stored all requests in the stream
/// @param waiting those that no worker has taken yet
/// @param oldest how long the oldest of them has waited, by the clocks of this machine and of NATS; zero when there
///     is none
/// @param delivered those that a worker has taken and not acknowledged: being worked on, held, postponed or just ended
/// @param redelivered those of them that were delivered more than once
public record Backlog(
        long stored, long waiting, Duration oldest, long delivered, long redelivered) {
    static final Backlog NONE = new Backlog(0, 0, Duration.ZERO, 0, 0);
}
