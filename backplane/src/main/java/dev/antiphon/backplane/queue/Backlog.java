package dev.antiphon.backplane.queue;

import java.time.Duration;

/// What the queue holds.
///
/// @param stored all requests that are in the stream
/// @param waiting those that no worker has taken yet
/// @param oldest how long the oldest of them has waited, by this machine's clock and NATS'; zero when there is none
/// @param delivered those that a worker has taken and not acknowledged: at work, held, put off or just ended
/// @param redelivered those of them that were delivered more than once
public record Backlog(
        long stored, long waiting, Duration oldest, long delivered, long redelivered) {
    static final Backlog NONE = new Backlog(0, 0, Duration.ZERO, 0, 0);
}
