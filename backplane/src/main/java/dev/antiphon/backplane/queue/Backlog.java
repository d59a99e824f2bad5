package dev.antiphon.backplane.queue;

import java.time.Duration;

/// The requests that no worker has taken yet.
///
/// @param waiting how many there are
/// @param oldest how long the oldest has waited, by this machine's clock and NATS'; zero when there is none
public record Backlog(long waiting, Duration oldest) {
    static final Backlog NONE = new Backlog(0, Duration.ZERO);
}
