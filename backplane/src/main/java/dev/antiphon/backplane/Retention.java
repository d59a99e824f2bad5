package dev.antiphon.backplane;

import java.time.Duration;

/// How long Redis keeps its data. Must be the same in all processes.
///
/// @param log how long a session's log and runs are kept after the end of its last answer, 1 hour to a year. A reader
///     who comes back within this time misses nothing and needs no resync. Default two days: a weekend's pause
/// @param history how long a conversation is kept after its last answer, 1 to 3,650 days. Default 30 days: a
///     month's pause
public record Retention(Duration log, Duration history) {

    public static final Retention USUAL = new Retention(Duration.ofDays(2), Duration.ofDays(30));

    private static final Duration OWNER_LONGER = Duration.ofDays(1);

    /// How long the owner of a session is remembered: longer than any data that another user must never get by naming
    /// the session.
    public Duration owner() {
        return (log.compareTo(history) > 0 ? log : history).plus(OWNER_LONGER);
    }
}
