package dev.antiphon.backplane;

import dev.antiphon.protocol.Environment;
import dev.antiphon.protocol.Environment.Variable;

import java.time.Duration;

/// Where the servers are.
public record BackplaneSettings(String natsUrl, RedisSettings redis) {

    /// Reads `NATS_URL` and `REDIS_…`.
    ///
    /// @param redisTimeout how long one call to Redis may take; a gateway answers 503 after it, a worker can wait longer
    public static BackplaneSettings from(Environment environment, Duration redisTimeout) {
        return new BackplaneSettings(
                environment.text(Variable.NATS_URL, "nats://localhost:4222"),
                RedisSettings.from(environment, redisTimeout));
    }
}
