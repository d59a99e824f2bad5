package dev.antiphon.backplane;

import java.time.Duration;

/// For how long Redis keeps what. All processes must be told the same.
///
/// @param log how long a session's log and runs are kept after its last answer ended, 1 hour to a year: for as long a
///     reader who comes back misses nothing and needs no resync. Default two days: a weekend's pause can be continued
/// @param history how long a conversation is kept after its last answer, 1 to 3,650 days. Default 30 days: a month's
///     pause can be continued
public record Retention(Duration log, Duration history) {

    public static final Retention USUAL = new Retention(Duration.ofDays(2), Duration.ofDays(30));

    private static final Duration OWNER_LONGER = Duration.ofDays(1);

    /// How long it is remembered whose a session is: longer than everything that another user must never get by naming the
    /// session.
    public Duration owner() {
        return (log.compareTo(history) > 0 ? log : history).plus(OWNER_LONGER);
    }
}
