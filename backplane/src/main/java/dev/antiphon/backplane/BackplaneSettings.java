package dev.antiphon.backplane;

import dev.antiphon.protocol.Environment;
import dev.antiphon.protocol.Environment.Variable;

import java.time.Duration;
import java.util.Optional;

/// The addresses of the servers, and how long their data is kept.
///
/// @param keep how long; must be the same in all processes
/// @param database where the conversations are kept; empty for Redis. Default Redis: one server less to run
/// @param toolReplicas how many replicas of Redis must have the record of a tool call before the tool is called, 0 to
///     5. Default 0: a single Redis has none
/// @param keepParked how long a run waits for its user before it is cancelled, 1 to 365 days. Default 7 days: people
///     answer after a weekend
public record BackplaneSettings(
        String natsUrl,
        RedisSettings redis,
        Retention keep,
        Optional<DatabaseSettings> database,
        int toolReplicas,
        Duration keepParked) {

    private static final Duration DATABASE_TIMEOUT = Duration.ofSeconds(2);

    private static final int LONGEST_HOURS = 8_760;
    private static final int LONGEST_DAYS = 3_650;
    private static final int MOST_REPLICAS = 5;
    public static final Duration KEEP_PARKED = Duration.ofDays(7);

    private static final int LONGEST_PARKED_DAYS = 365;

    /// With the default of every setting that has one.
    public BackplaneSettings(String natsUrl, RedisSettings redis) {
        this(natsUrl, redis, Retention.USUAL, Optional.empty());
    }

    /// With the default of the other settings.
    public BackplaneSettings(
            String natsUrl,
            RedisSettings redis,
            Retention keep,
            Optional<DatabaseSettings> database) {
        this(natsUrl, redis, keep, database, 0, KEEP_PARKED);
    }

    /// Reads `NATS_URL`, `REDIS_…`, `DATABASE_URL`, `CHAT_LOG_HOURS`, `CHAT_HISTORY_DAYS`, `CHAT_REDIS_WAIT`
    /// and `CHAT_PARKED_DAYS`.
    ///
    /// @param redisTimeout the longest time for one call to Redis; after it a gateway answers 503, while a worker can
    ///     wait longer
    public static BackplaneSettings from(Environment environment, Duration redisTimeout) {
        return new BackplaneSettings(
                environment.text(Variable.NATS_URL, "nats://localhost:4222"),
                RedisSettings.from(environment, redisTimeout),
                retention(environment),
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

    private static Retention retention(Environment environment) {
        return new Retention(
                Duration.ofHours(
                        environment.number(
                                Variable.CHAT_LOG_HOURS,
                                (int) Retention.USUAL.log().toHours(),
                                1,
                                LONGEST_HOURS)),
                Duration.ofDays(
                        environment.number(
                                Variable.CHAT_HISTORY_DAYS,
                                (int) Retention.USUAL.history().toDays(),
                                1,
                                LONGEST_DAYS)));
    }
}
