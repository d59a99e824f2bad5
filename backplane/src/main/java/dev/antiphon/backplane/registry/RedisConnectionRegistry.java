package dev.antiphon.backplane.registry;

import static dev.antiphon.backplane.Redis.bytes;
import static dev.antiphon.backplane.Redis.number;
import static dev.antiphon.backplane.Redis.text;

import dev.antiphon.backplane.Redis;
import dev.antiphon.backplane.Script;
import dev.antiphon.backplane.log.Admission;
import dev.antiphon.backplane.log.Generation;
import dev.antiphon.protocol.ConnectionId;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/// The connections of one pod in Redis: in each session's set, which is the contract, and in a set of the pod's own, so
/// that the members of a dead pod can be found.
public final class RedisConnectionRegistry implements ConnectionRegistry {

    /// How long the owner of an unused session is remembered: streams on made-up ids must not fill Redis. A client that
    /// still watches then begins the session again.
    static final Duration KEEP_UNUSED = Duration.ofHours(1);

    private static final int PURGED_AT_ONCE = 1_000;

    private static final Script ATTACH =
            Script.load(
                    RedisConnectionRegistry.class,
                    "/dev/antiphon/backplane/log/owner.lua",
                    "/dev/antiphon/backplane/log/looks.lua",
                    "/dev/antiphon/backplane/log/entries.lua",
                    "attach.lua");
    private static final Script SEEN = Script.load(RedisConnectionRegistry.class, "seen.lua");

    private final Redis redis;
    private final PodId pod;
    private final Admission admission;

    /// @param admission decides who may see a session
    public RedisConnectionRegistry(Redis redis, PodId pod, Admission admission) {
        this.redis = redis;
        this.pod = pod;
        this.admission = admission;
    }

    /// For a system whose conversations are in Redis alone.
    public RedisConnectionRegistry(Redis redis, PodId pod) {
        this(redis, pod, new Admission(Optional.empty()));
    }

    @Override
    public CompletionStage<Attach> attach(
            SessionId session, UserId user, ConnectionId connection, boolean register) {
        String[] keys = {
            Keys.meta(session),
            Keys.log(session),
            Keys.connections(session),
            Keys.podConnections(pod),
            Keys.waiting(session),
            Keys.runs(session),
            Keys.history(session),
            Keys.turns(session),
            Keys.OPEN
        };
        return admission
                .enter(
                        session,
                        word ->
                                redis.call(
                                        ATTACH,
                                        keys,
                                        bytes(user.value()),
                                        register ? member(connection) : bytes(""),
                                        podMember(session, connection),
                                        bytes(Generation.draw()),
                                        bytes(KEEP_UNUSED.toSeconds()),
                                        bytes(Keys.runPrefix(session)),
                                        bytes(word.owner()),
                                        bytes(word.latest()),
                                        bytes(word.incarnation()),
                                        bytes(session.value())))
                .thenApply(RedisConnectionRegistry::attached);
    }

    private static Attach attached(List<Object> answer) {
        if (text(answer.getFirst()).equals("FOREIGN")) {
            return new Attach.Foreign();
        }
        long generation = number(answer.get(1));
        String unseen = text(answer.get(6));
        return new Attach.Attached(
                id(generation, answer.get(2), answer.get(3)),
                id(generation, answer.get(4), answer.get(5)),
                unseen.isEmpty() ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(unseen)));
    }

    private static EntryId id(long generation, Object number, Object hashHex) {
        return new EntryId(generation, number(number), Integer.parseUnsignedInt(text(hashHex), 16));
    }

    @Override
    public CompletionStage<Void> detach(SessionId session, ConnectionId connection) {
        CompletionStage<Long> inSession =
                redis.send(
                        commands -> commands.srem(Keys.connections(session), member(connection)));
        CompletionStage<Long> inPod =
                redis.send(commands ->
                        commands.srem(Keys.podConnections(pod), podMember(session, connection)));
        return inSession.thenAcceptBoth(inPod, (_, _) -> {});
    }

    @Override
    public CompletionStage<Void> refresh(SessionId session, ConnectionId connection) {
        // The pod's own set first: a member that only the session has would never be reaped.
        CompletionStage<Long> inPod =
                redis.send(commands ->
                        commands.sadd(Keys.podConnections(pod), podMember(session, connection)));
        CompletionStage<Long> inSession =
                redis.send(
                        commands -> commands.sadd(Keys.connections(session), member(connection)));
        // Plain pods set an expiry of some minutes on the set that all pods share.
        CompletionStage<Boolean> kept =
                redis.send(commands -> commands.persist(Keys.connections(session)));
        return inPod.thenCombine(inSession, (one, _) -> one).thenAcceptBoth(kept, (_, _) -> {});
    }

    @Override
    public CompletionStage<Void> seen(SessionId session, long unseen) {
        return redis.call(SEEN, new String[] {Keys.meta(session)}, bytes(unseen))
                .thenAccept(_ -> {});
    }

    @Override
    public CompletionStage<Void> purge() {
        return redis.send(commands -> commands.smembers(Keys.podConnections(pod)))
                .thenCompose(left -> purge(List.copyOf(left)));
    }

    /// In batches: a pod can die with more connections than calls can be in flight.
    private CompletionStage<Void> purge(List<byte[]> left) {
        if (left.isEmpty()) {
            return redis.send(commands -> commands.del(Keys.podConnections(pod)))
                    .thenAccept(_ -> {});
        }
        int now = Math.min(left.size(), PURGED_AT_ONCE);
        CompletableFuture<?>[] removed =
                left.subList(0, now).stream()
                        .map(each -> removeFromSession(text(each)).toCompletableFuture())
                        .toArray(CompletableFuture[]::new);
        return CompletableFuture.allOf(removed)
                .thenCompose(_ -> purge(left.subList(now, left.size())));
    }

    private CompletionStage<Long> removeFromSession(String podMember) {
        int colon = podMember.indexOf(':');
        if (colon < 1) {
            return CompletableFuture.completedStage(0L); // not ours
        }
        String key = Keys.connections(new SessionId(podMember.substring(0, colon)));
        byte[] member = bytes(pod + podMember.substring(colon));
        return redis.send(commands -> commands.srem(key, member));
    }

    private byte[] member(ConnectionId connection) {
        return bytes(pod + ":" + connection);
    }

    private static byte[] podMember(SessionId session, ConnectionId connection) {
        return bytes(session + ":" + connection);
    }
}
