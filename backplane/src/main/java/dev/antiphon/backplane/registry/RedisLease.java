package dev.antiphon.backplane.registry;

import static dev.antiphon.backplane.Redis.bytes;

import dev.antiphon.backplane.Policy;
import dev.antiphon.backplane.Redis;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.WorkerId;

import io.lettuce.core.SetArgs;

import java.util.concurrent.CompletionStage;

/// A lease as a Redis key that expires.
public final class RedisLease implements Lease {

    private final Redis redis;
    private final WorkerId worker;

    public RedisLease(Redis redis, WorkerId worker) {
        this.redis = redis;
        this.worker = worker;
    }

    @Override
    public CompletionStage<Void> renew() {
        // Every time, because Redis might have lost it, or another worker that found no runs of
        // ours might have removed it.
        CompletionStage<Long> known =
                redis.send(commands -> commands.sadd(Keys.WORKERS, bytes(worker.value())));
        CompletionStage<String> lives =
                redis.send(commands ->
                        commands.set(
                                Keys.lease(worker), bytes("1"), SetArgs.Builder.px(Policy.LEASE)));
        return known.thenAcceptBoth(lives, (_, _) -> {});
    }

    @Override
    public CompletionStage<Void> end() {
        return redis.send(commands -> commands.del(Keys.lease(worker))).thenAccept(_ -> {});
    }
}
