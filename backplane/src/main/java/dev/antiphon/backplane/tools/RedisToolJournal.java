package dev.antiphon.backplane.tools;

import static dev.antiphon.backplane.Redis.bytes;
import static dev.antiphon.backplane.Redis.text;

import dev.antiphon.backplane.Redis;
import dev.antiphon.backplane.ReplicatedRedis;
import dev.antiphon.backplane.Script;
import dev.antiphon.protocol.Keys;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/// The journal in a hash of Redis per message.
public final class RedisToolJournal implements ToolJournal {

    private static final Script BEGIN =
            Script.load(RedisToolJournal.class, "fence.lua", "begin.lua");
    private static final Script END = Script.load(RedisToolJournal.class, "fence.lua", "end.lua");

    private final Redis redis;
    private final Optional<ReplicatedRedis> replicated;

    /// An intent is as durable as Redis' own file.
    public RedisToolJournal(Redis redis) {
        this(redis, Optional.empty());
    }

    /// @param replicated for intents that must survive a failover; empty for Redis alone
    public RedisToolJournal(Redis redis, Optional<ReplicatedRedis> replicated) {
        this.redis = redis;
        this.replicated = replicated;
    }

    @Override
    public CompletionStage<ToolBegin> begin(ToolIntent intent, boolean again) {
        byte[][] arguments = {
            bytes(intent.message().value()),
            bytes(intent.token().value()),
            bytes(intent.step()),
            bytes(KEEP.toSeconds()),
            bytes(intent.digest()),
            bytes(intent.nonce()),
            bytes(again ? 1 : 0),
            bytes(MAX_CALLS)
        };
        // An idempotent tool may be called again, so losing its intent does no harm.
        CompletionStage<List<Object>> answer =
                replicated.isEmpty() || again
                        ? redis.call(BEGIN, keys(intent), arguments)
                        : replicated
                                .get()
                                .call(BEGIN, RedisToolJournal::isBegun, keys(intent), arguments);
        return answer.thenApply(RedisToolJournal::begun);
    }

    private static boolean isBegun(List<Object> answer) {
        return text(answer.getFirst()).equals("BEGUN");
    }

    private static ToolBegin begun(List<Object> answer) {
        return switch (text(answer.getFirst())) {
            case "BEGUN" -> new ToolBegin.Begun();
            case "DONE" -> new ToolBegin.Done((byte[]) answer.get(1));
            case "UNKNOWN" -> new ToolBegin.Unknown();
            case "FULL" -> new ToolBegin.TooMany();
            case "FENCED" -> new ToolBegin.Fenced();
            default ->
                    throw new IllegalStateException(
                            "unexpected answer of a script: " + text(answer.getFirst()));
        };
    }

    @Override
    public CompletionStage<Boolean> end(ToolIntent intent, byte[] outcome) {
        return redis.call(
                        END,
                        keys(intent),
                        bytes(intent.message().value()),
                        bytes(intent.token().value()),
                        bytes(intent.step()),
                        bytes(KEEP.toSeconds()),
                        bytes(intent.digest()),
                        bytes(intent.nonce()),
                        outcome)
                .thenApply(answer -> text(answer.getFirst()).equals("OK"));
    }

    private static String[] keys(ToolIntent intent) {
        return new String[] {
            Keys.meta(intent.session()),
            Keys.tools(intent.session(), intent.message()),
            Keys.run(intent.session(), intent.message())
        };
    }
}
