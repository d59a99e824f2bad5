package dev.antiphon.backplane.log;

import static dev.antiphon.backplane.Redis.bytes;
import static dev.antiphon.backplane.Redis.list;
import static dev.antiphon.backplane.Redis.number;
import static dev.antiphon.backplane.Redis.text;

import dev.antiphon.backplane.Redis;
import dev.antiphon.backplane.Script;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/// Reads runs that wait for their users from Redis, for a store that outlives it, and restores them.
///
/// As {@link SessionLog}: nothing blocks, calls can be repeated.
public final class RedisParking {

    /// How long the tool calls of a run are remembered after it has waited: longer than any run is retried.
    private static final Duration KEEP_TOOLS = Duration.ofDays(2);

    private static final Script PARKED = Script.load(RedisParking.class, "parked.lua");
    private static final Script RESTORE =
            Script.load(RedisParking.class, "owner.lua", "looks.lua", "entries.lua", "restore.lua");

    private final Redis redis;

    public RedisParking(Redis redis) {
        this.redis = redis;
    }

    /// The session's run that waits for its user, if it has one.
    public CompletionStage<Optional<ParkedRun>> parked(SessionId session) {
        return redis.call(
                        PARKED,
                        new String[] {Keys.meta(session), Keys.OPEN},
                        bytes(session.value()),
                        bytes(Keys.runPrefix(session)),
                        bytes(Keys.toolsPrefix(session)))
                .thenCompose(answer ->
                        text(answer.getFirst()).equals("PARKED")
                                ? parked(session, answer)
                                : CompletableFuture.completedStage(Optional.empty()));
    }

    private CompletionStage<Optional<ParkedRun>> parked(SessionId session, List<Object> answer) {
        MessageId message = new MessageId(text(answer.get(1)));
        Map<String, String> run = fields(list(answer.get(7)));
        long first = number(answer.get(5));
        long last = number(answer.get(6));
        List<byte[]> chunks = new ArrayList<>();
        return LoggedChunks.read(redis, session, message, first, last, chunks)
                .thenApply(_ ->
                        // Fewer when Redis lost some while they were read.
                        String.valueOf(chunks.size() - 1).equals(run.get("question"))
                                ? Optional.of(
                                        new ParkedRun(
                                                session,
                                                message,
                                                new UserId(text(answer.get(2))),
                                                text(answer.get(3)),
                                                Instant.ofEpochMilli(number(answer.get(4))),
                                                run,
                                                fields(list(answer.get(8))),
                                                chunks.stream().map(Redis::text).toList()))
                                : Optional.empty());
    }

    private static Map<String, String> fields(List<Object> flat) {
        Map<String, String> fields = new HashMap<>();
        for (int i = 0; i < flat.size(); i += 2) {
            fields.put(text(flat.get(i)), text(flat.get(i + 1)));
        }
        return fields;
    }

    /// Restores a run that Redis has lost: its message, chunks and question are in the log again, and it waits.
    ///
    /// @return whether Redis has the run now; false when the session belongs to another user there
    public CompletionStage<Boolean> restore(ParkedRun parked) {
        SessionId session = parked.session();
        String[] keys = {
            Keys.meta(session),
            Keys.log(session),
            Keys.run(session, parked.message()),
            Keys.waiting(session),
            Keys.OPEN,
            Keys.runs(session),
            Keys.tools(session, parked.message()),
            Keys.history(session),
            Keys.turns(session)
        };
        List<byte[]> arguments =
                new ArrayList<>(
                        List.of(
                                bytes(session.value()),
                                bytes(parked.message().value()),
                                bytes(parked.owner().value()),
                                bytes(Generation.draw()),
                                parked.request().messageEventUpToParent(),
                                bytes(parked.incarnation()),
                                bytes(parked.until().toEpochMilli()),
                                bytes(KEEP_TOOLS.toSeconds()),
                                bytes(parked.run().size()),
                                bytes(parked.tools().size())));
        for (Map<String, String> fields : List.of(parked.run(), parked.tools())) {
            fields.forEach((field, value) -> {
                arguments.add(bytes(field));
                arguments.add(bytes(value));
            });
        }
        parked.chunks().forEach(chunk -> arguments.add(bytes(chunk)));
        Duration keep = Duration.between(Instant.now(), parked.until()).plus(KEEP_TOOLS);
        return ActiveSessions.note(redis, parked.owner(), session, keep)
                .thenCombine(
                        redis.call(RESTORE, keys, arguments.toArray(byte[][]::new)),
                        (_, answer) -> !text(answer.getFirst()).equals("FOREIGN"));
    }
}
