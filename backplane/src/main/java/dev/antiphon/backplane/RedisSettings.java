package dev.antiphon.backplane;

import dev.antiphon.protocol.Environment;
import dev.antiphon.protocol.Environment.Variable;

import org.jspecify.annotations.Nullable;

import java.time.Duration;

/// The address of Redis and the patience with it.
///
/// @param timeout the longest time for one call, reconnecting included; after it the call fails and is not sent again
public record RedisSettings(String host, int port, @Nullable String password, Duration timeout) {

    public static RedisSettings from(Environment environment, Duration timeout) {
        return new RedisSettings(
                environment.text(Variable.REDIS_HOST, "localhost"),
                environment.number(Variable.REDIS_PORT, 6379, 1, 65535),
                environment.text(Variable.REDIS_PASSWORD),
                timeout);
    }

    /// For messages to an operator; without the password.
    public String address() {
        return "redis://" + host + ":" + port;
    }
}
