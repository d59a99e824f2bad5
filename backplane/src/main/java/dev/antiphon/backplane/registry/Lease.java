package dev.antiphon.backplane.registry;

import static dev.antiphon.backplane.Redis.bytes;

import dev.antiphon.backplane.Redis;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.WorkerId;

import io.lettuce.core.SetArgs;

import java.time.Duration;
import java.util.concurrent.CompletionStage;

/// One worker's sign of life. While it is there, nobody else claims the worker's runs.
public final class Lease {

    /// A worker that is silent for this long counts as dead.
    public static final Duration LIVES = Duration.ofSeconds(3);

    /// Three tries fit into a lease.
    public static final Duration RENEW_EVERY = Duration.ofSeconds(1);

    private final Redis redis;
    private final WorkerId worker;

    public Lease(Redis redis, WorkerId worker) {
        this.redis = redis;
        this.worker = worker;
    }

    /// Begins the lease, or makes it last again. Fails with {@link dev.antiphon.backplane.Unavailable}.
    public CompletionStage<String> renew() {
        return redis.send(commands ->
                commands.set(Keys.lease(worker), bytes("1"), SetArgs.Builder.px(LIVES)));
    }

    /// Ends it: the worker's runs may be claimed at once.
    public CompletionStage<Long> end() {
        return redis.send(commands -> commands.del(Keys.lease(worker)));
    }
}
