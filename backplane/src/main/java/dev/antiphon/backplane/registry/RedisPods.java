package dev.antiphon.backplane.registry;

import static dev.antiphon.backplane.Redis.bytes;
import static dev.antiphon.backplane.Redis.number;

import dev.antiphon.backplane.Redis;
import dev.antiphon.backplane.Script;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.SessionId;

import io.lettuce.core.SetArgs;

import java.util.concurrent.CompletionStage;

/// The pods in Redis: an expiring key for each live pod, and the set of the pods whose members need attention.
public final class RedisPods implements Pods {

    /// Removing this many takes Redis a millisecond or two, in which it does nothing else.
    private static final int MOST_MEMBERS = 1_000;

    /// Pods that are checked in one pass, drawn at random when there are more.
    private static final int MOST_PODS = 100;

    private static final Script REAP = Script.load(RedisPods.class, "reap.lua");
    private static final Script FORGET = Script.load(RedisPods.class, "forget.lua");

    private final Redis redis;

    public RedisPods(Redis redis) {
        this.redis = redis;
    }

    @Override
    public CompletionStage<Void> beat(PodId pod) {
        // Every time, because a Redis that lost its last writes might have lost it, or a reaper
        // might have removed it.
        CompletionStage<Long> known =
                redis.send(commands -> commands.sadd(Keys.PODS, bytes(pod.value())));
        CompletionStage<String> lives =
                redis.send(commands ->
                        commands.set(Keys.podAlive(pod), bytes("1"), SetArgs.Builder.px(LIVES)));
        return known.thenAcceptBoth(lives, (_, _) -> {});
    }

    @Override
    public CompletionStage<Integer> reap() {
        return redis.call(
                        REAP,
                        new String[] {Keys.PODS},
                        bytes(Keys.ALIVE_PREFIX),
                        bytes(Keys.POD_CONNECTIONS_PREFIX),
                        bytes(Keys.CONNECTIONS_PREFIX),
                        bytes(MOST_PODS),
                        bytes(MOST_MEMBERS))
                .thenApply(answer -> (int) number(answer.getFirst()));
    }

    @Override
    public CompletionStage<Integer> forget(SessionId session, PodId pod) {
        String[] keys = {Keys.connections(session), Keys.podAlive(pod), Keys.podConnections(pod)};
        return redis.call(FORGET, keys, bytes(pod.value()))
                .thenApply(answer -> (int) number(answer.getFirst()));
    }
}
