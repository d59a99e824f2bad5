package dev.antiphon.backplane.log;

import static dev.antiphon.backplane.Redis.bytes;
import static dev.antiphon.backplane.Redis.list;
import static dev.antiphon.backplane.Redis.number;
import static dev.antiphon.backplane.Redis.text;

import dev.antiphon.backplane.Redis;
import dev.antiphon.backplane.Retention;
import dev.antiphon.backplane.Script;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;

/// Plain workers' chunks in the session log in Redis.
public final class RedisPlainLog implements PlainLog {

    private static final Script APPEND_PLAIN =
            Script.load(RedisPlainLog.class, "looks.lua", "entries.lua", "append_plain.lua");

    private final Redis redis;
    private final Retention keep;

    public RedisPlainLog(Redis redis, Retention keep) {
        this.redis = redis;
        this.keep = keep;
    }

    /// With {@link Retention#USUAL}.
    public RedisPlainLog(Redis redis) {
        this(redis, Retention.USUAL);
    }

    @Override
    public CompletionStage<Plain> append(List<Chunk> chunks, boolean closesGap) {
        Chunk first = chunks.getFirst();
        SessionId session = first.sessionId();
        MessageId message = first.messageId();
        String[] keys = {
            Keys.meta(session),
            Keys.log(session),
            Keys.run(session, message),
            Keys.connections(session),
            Keys.waiting(session),
            Keys.OPEN,
            Keys.runs(session),
            Keys.UNSETTLED
        };
        Chunk.Halves gap = gap(first).encodeAroundChunkId();
        List<byte[]> arguments = new ArrayList<>(8 + 3 * chunks.size());
        arguments.add(bytes(session.value()));
        arguments.add(bytes(message.value()));
        arguments.add(bytes(closesGap ? 1 : 0));
        arguments.add(gap.before());
        arguments.add(gap.after());
        arguments.add(bytes(Keys.WORKING_PREFIX));
        arguments.add(bytes(keep.log().toSeconds()));
        arguments.add(bytes(keep.owner().toSeconds()));
        for (Chunk chunk : chunks) {
            arguments.add(bytes(chunk.chunkId()));
            arguments.add(chunk.encode());
            arguments.add(
                    chunk.completion() == null
                            ? new byte[0]
                            : chunk.completion().messageComplete(message));
        }
        return redis.call(APPEND_PLAIN, keys, arguments.toArray(byte[][]::new))
                .thenApply(RedisPlainLog::taken);
    }

    /// The entry that replaces chunks that never arrived.
    static Chunk gap(Chunk next) {
        return new Chunk(
                next.sessionId(),
                next.messageId(),
                0,
                new ChunkBody.Status("gap", Json.object()),
                null,
                next.timestamp(),
                next.correlationId());
    }

    private static Plain taken(List<Object> answer) {
        return switch (text(answer.getFirst())) {
            case "OK" -> {
                long generation = number(answer.get(1));
                yield new Plain.Taken(
                        list(answer.get(8)).stream()
                                .map(entry -> entry(list(entry), generation))
                                .toList(),
                        ScriptAnswers.id(generation, number(answer.get(2)), answer.get(3)),
                        (int) number(answer.get(4)),
                        (int) number(answer.get(5)),
                        (int) number(answer.get(6)),
                        number(answer.get(7)) == 1);
            }
            case "OURS" -> new Plain.Ours();
            case "ENDED" -> new Plain.Ended();
            case "NONE" -> new Plain.None();
            default -> throw ScriptAnswers.unexpected(answer);
        };
    }

    private static Entry entry(List<Object> fields, long generation) {
        return new Entry(
                ScriptAnswers.id(generation, number(fields.get(0)), fields.get(3)),
                EventName.of(text(fields.get(1))),
                (byte[]) fields.get(2));
    }
}
