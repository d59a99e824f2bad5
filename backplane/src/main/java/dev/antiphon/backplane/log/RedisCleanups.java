package dev.antiphon.backplane.log;

import static dev.antiphon.backplane.Redis.bytes;
import static dev.antiphon.backplane.Redis.list;
import static dev.antiphon.backplane.Redis.number;
import static dev.antiphon.backplane.Redis.text;

import dev.antiphon.backplane.Policy;
import dev.antiphon.backplane.Redis;
import dev.antiphon.backplane.Script;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/// Clean-ups in Redis, one script for each operation.
public final class RedisCleanups implements Cleanups {

    private static final String[] KEYS = {Keys.CLEANUPS, Keys.CLEANUP_DETAILS};

    private static final Script CLEAN = Script.load(RedisCleanups.class, "clean.lua");
    private static final Script CLEANED = Script.load(RedisCleanups.class, "cleaned.lua");

    private final Redis redis;

    public RedisCleanups(Redis redis) {
        this.redis = redis;
    }

    @Override
    public CompletionStage<Taken> take() {
        return redis.call(
                        CLEAN,
                        KEYS,
                        bytes(Policy.CLEAN_AGAIN.toMillis()),
                        bytes(Policy.CLEAN_AGAIN_AT_MOST.toMillis()),
                        bytes(Policy.MOST_CLEANUP_TRIES))
                .thenApply(RedisCleanups::taken);
    }

    private static Taken taken(List<Object> answer) {
        String kind = text(answer.getFirst());
        return new Taken(
                kind.equals("NONE")
                        ? Optional.empty()
                        : Optional.of(cleanup(answer, kind.equals("GIVEN_UP"))),
                number(answer.get(1)));
    }

    private static Cleanup cleanup(List<Object> answer, boolean givenUp) {
        String message = text(answer.get(5));
        return new Cleanup(
                text(answer.get(2)),
                new SessionId(text(answer.get(3))),
                text(answer.get(4)),
                message.isEmpty() ? null : new MessageId(message),
                number(answer.get(6)) == 1,
                text(answer.get(7)),
                list(answer.get(8)).stream().map(Redis::text).toList(),
                (int) number(answer.get(9)),
                givenUp);
    }

    @Override
    public CompletionStage<Void> done(Cleanup cleanup) {
        return redis.call(CLEANED, KEYS, bytes(cleanup.id())).thenAccept(_ -> {});
    }
}
