package dev.antiphon.backplane;

import dev.antiphon.protocol.Environment;
import dev.antiphon.protocol.Environment.Variable;

import java.time.Duration;
import java.util.Optional;

/// Where the servers are, and for how long what is in them is kept.
///
/// @param keepHistory how long a conversation is kept after its last answer, 1 to 3,650 days. Default 30 days: a month's
///     pause can be continued. All processes must be told the same
/// @param database where the conversations are kept; empty for Redis. Default Redis: one server less to run
/// @param toolReplicas how many replicas of Redis must know of a tool call before the tool is called, 0 to 5. Default 0: a
///     single Redis has none
/// @param keepParked how long a run waits for its user before it is cancelled, 1 to 365 days. Default 7 days: people answer
///     after a weekend
public record BackplaneSettings(
        String natsUrl,
        RedisSettings redis,
        Duration keepHistory,
        Optional<DatabaseSettings> database,
        int toolReplicas,
        Duration keepParked) {

    private static final Duration DATABASE_TIMEOUT = Duration.ofSeconds(2);

    public static final Duration KEEP_HISTORY = Duration.ofDays(30);

    private static final int LONGEST_DAYS = 3_650;
    private static final int MOST_REPLICAS = 5;
    public static final Duration KEEP_PARKED = Duration.ofDays(7);

    private static final int LONGEST_PARKED_DAYS = 365;

    /// With the default of everything that has one.
    public BackplaneSettings(String natsUrl, RedisSettings redis) {
        this(natsUrl, redis, KEEP_HISTORY, Optional.empty());
    }

    /// With the default of the rest.
    public BackplaneSettings(
            String natsUrl,
            RedisSettings redis,
            Duration keepHistory,
            Optional<DatabaseSettings> database) {
        this(natsUrl, redis, keepHistory, database, 0, KEEP_PARKED);
    }

    /// Reads `NATS_URL`, `REDIS_…`, `DATABASE_URL`, `CHAT_HISTORY_DAYS`, `CHAT_REDIS_WAIT` and
    /// `CHAT_PARKED_DAYS`.
    ///
    /// @param redisTimeout how long one call to Redis may take; a gateway answers 503 after it, a worker can wait longer
    public static BackplaneSettings from(Environment environment, Duration redisTimeout) {
        return new BackplaneSettings(
                environment.text(Variable.NATS_URL, "nats://localhost:4222"),
                RedisSettings.from(environment, redisTimeout),
                Duration.ofDays(
                        environment.number(
                                Variable.CHAT_HISTORY_DAYS,
                                (int) KEEP_HISTORY.toDays(),
                                1,
                                LONGEST_DAYS)),
                Optional.ofNullable(environment.text(Variable.DATABASE_URL))
                        .map(url -> DatabaseSettings.of(url, DATABASE_TIMEOUT)),
                environment.number(Variable.CHAT_REDIS_WAIT, 0, 0, MOST_REPLICAS),
                Duration.ofDays(
                        environment.number(
                                Variable.CHAT_PARKED_DAYS,
                                (int) KEEP_PARKED.toDays(),
                                1,
                                LONGEST_PARKED_DAYS)));
    }
}
