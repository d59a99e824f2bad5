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
import dev.antiphon.protocol.WorkerId;
import dev.antiphon.protocol.WorkflowRequest;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/// Recovery in Redis, one script for each operation.
public final class RedisRecovery implements Recovery {

    /// Scripts that one sweep calls when each finds only healthy messages: half a second of work.
    private static final int MOST_CALLS = 100;

    private static final Script SWEEP = Script.load(RedisRecovery.class, "looks.lua", "sweep.lua");
    private static final Script ORPHANS = Script.load(RedisRecovery.class, "orphans.lua");

    private final Redis redis;

    public RedisRecovery(Redis redis) {
        this.redis = redis;
    }

    @Override
    public CompletionStage<Set<WorkerId>> workers() {
        return redis.send(commands -> commands.smembers(Keys.WORKERS))
                .thenApply(members ->
                        members.stream()
                                .map(member -> new WorkerId(text(member)))
                                .collect(Collectors.toSet()));
    }

    @Override
    public CompletionStage<List<Orphan>> orphans(WorkerId worker) {
        String[] keys = {Keys.WORKERS, Keys.working(worker), Keys.lease(worker)};
        return redis.call(
                        ORPHANS,
                        keys,
                        bytes(worker.value()),
                        bytes(Keys.RUN_PREFIX),
                        bytes(Policy.COPY_AGAIN_AFTER.toMillis()))
                .thenApply(RedisRecovery::orphans);
    }

    private static List<Orphan> orphans(List<Object> answer) {
        List<Orphan> orphans = new ArrayList<>();
        if (text(answer.getFirst()).equals("GONE")) {
            for (Object each : list(answer.get(1))) {
                List<Object> fields = list(each);
                orphans.add(
                        new Orphan(
                                WorkflowRequest.decodeStored((byte[]) fields.get(2)),
                                (int) number(fields.get(3)),
                                (int) number(fields.get(4))));
            }
        }
        return orphans;
    }

    @Override
    public CompletionStage<List<Stray>> strays(WorkerId worker, Predicate<SessionId> isAt) {
        return redis.send(commands -> commands.smembers(Keys.working(worker)))
                .thenCompose(members -> {
                    List<CompletableFuture<Optional<Stray>>> claims = new ArrayList<>();
                    for (byte[] member : members) {
                        String[] parts = text(member).split(":", 2);
                        SessionId session = new SessionId(parts[0]);
                        if (!isAt.test(session)) {
                            claims.add(claim(worker, session, new MessageId(parts[1])));
                        }
                    }
                    return CompletableFuture.allOf(claims.toArray(CompletableFuture[]::new))
                            .thenApply(_ ->
                                    claims.stream()
                                            .flatMap(claim -> claim.join().stream())
                                            .toList());
                });
    }

    /// The claim of a message, if the worker holds it.
    private CompletableFuture<Optional<Stray>> claim(
            WorkerId worker, SessionId session, MessageId message) {
        return redis.send(
                        commands -> commands.hmget(Keys.meta(session), "active", "worker", "token"))
                .thenApply(held -> {
                    boolean its =
                            held.getFirst().hasValue()
                                    && text(held.get(0).getValue()).equals(message.value())
                                    && text(held.get(1).getValue()).equals(worker.value());
                    return its
                            ? Optional.of(
                                    new Stray(
                                            session,
                                            message,
                                            new Token(text(held.get(2).getValue()))))
                            : Optional.<Stray>empty();
                })
                .toCompletableFuture();
    }

    @Override
    public CompletionStage<Optional<Overdue>> sweep() {
        return sweep(MOST_CALLS);
    }

    private CompletionStage<Optional<Overdue>> sweep(int calls) {
        return redis.call(
                        SWEEP,
                        new String[] {Keys.OPEN},
                        bytes(Keys.META_PREFIX),
                        bytes(Keys.RUN_PREFIX),
                        bytes(Keys.WAITING_PREFIX),
                        bytes(Keys.LEASE_PREFIX),
                        bytes(Policy.MOST_SWEPT_AT_ONCE))
                .thenCompose(answer -> {
                    boolean more =
                            text(answer.getFirst()).equals("NONE")
                                    && number(answer.get(1)) == Policy.MOST_SWEPT_AT_ONCE;
                    return more && calls > 1
                            ? sweep(calls - 1)
                            : CompletableFuture.completedStage(overdue(answer));
                });
    }

    private static Optional<Overdue> overdue(List<Object> answer) {
        return switch (text(answer.getFirst())) {
            case "DUE" ->
                    Optional.of(
                            new Overdue(
                                    WorkflowRequest.decodeStored((byte[]) answer.get(3)),
                                    (int) number(answer.get(4))));
            case "PARKED" ->
                    Optional.of(
                            new Overdue(WorkflowRequest.decodeStored((byte[]) answer.get(3)), 0));
            default -> Optional.empty();
        };
    }
}
