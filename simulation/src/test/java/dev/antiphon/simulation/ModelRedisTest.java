package dev.antiphon.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.backplane.Redis;
import dev.antiphon.backplane.RedisSettings;
import dev.antiphon.backplane.SessionPods;
import dev.antiphon.backplane.history.Recent;
import dev.antiphon.backplane.history.RedisHistory;
import dev.antiphon.backplane.log.Accept;
import dev.antiphon.backplane.log.Append;
import dev.antiphon.backplane.log.Batch;
import dev.antiphon.backplane.log.Claim;
import dev.antiphon.backplane.log.Cleanups.Cleanup;
import dev.antiphon.backplane.log.Cleanups.Taken;
import dev.antiphon.backplane.log.Finish;
import dev.antiphon.backplane.log.ParkedRun;
import dev.antiphon.backplane.log.Recovery.Orphan;
import dev.antiphon.backplane.log.RedisCleanups;
import dev.antiphon.backplane.log.RedisParking;
import dev.antiphon.backplane.log.RedisRecovery;
import dev.antiphon.backplane.log.RedisSessionLog;
import dev.antiphon.backplane.log.Refuse;
import dev.antiphon.backplane.log.Slice;
import dev.antiphon.backplane.log.Token;
import dev.antiphon.backplane.log.UserAnswer;
import dev.antiphon.backplane.log.WorkState;
import dev.antiphon.backplane.registry.RedisConnectionRegistry;
import dev.antiphon.backplane.registry.RedisLease;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.ConnectionId;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.RequestContext;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkerId;
import dev.antiphon.protocol.WorkflowRequest;
import dev.antiphon.servers.RedisServer;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import tools.jackson.databind.node.ObjectNode;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/// The model answers as our scripts on a real Redis do, for any calls in any order.
final class ModelRedisTest {

    private static final int SEQUENCES = 150;
    private static final int CALLS = 80;

    private static @Nullable RedisServer server;
    private static @Nullable Redis redis;

    @BeforeAll
    static void start() throws InterruptedException {
        RedisServer started = RedisServer.start();
        server = started;
        redis =
                Redis.open(
                        new RedisSettings(
                                "127.0.0.1", started.port(), null, Duration.ofSeconds(20)));
    }

    @AfterAll
    static void stop() {
        if (redis != null) {
            redis.close();
        }
        if (server != null) {
            server.close();
        }
    }

    @Test
    void everyAnswerIsTheRealOne() throws Exception {
        for (int seed = 1; seed <= SEQUENCES; seed++) {
            get(
                    java.util.Objects.requireNonNull(redis)
                            .send(commands -> commands.del(Keys.CLEANUPS, Keys.CLEANUP_DETAILS)));
            Sequence sequence = new Sequence(seed);
            for (int i = 0; i < CALLS; i++) {
                sequence.call();
                sequence.sameTails();
            }
        }
    }

    private static <T> T get(CompletionStage<T> stage) throws Exception {
        return stage.toCompletableFuture().get(30, TimeUnit.SECONDS);
    }

    /// One sequence of calls on its own sessions, made on both.
    private static final class Sequence {
        private final SplittableRandom random;
        private final int seed;
        private final Redis real = java.util.Objects.requireNonNull(redis);
        private final RedisSessionLog log = new RedisSessionLog(real);
        private final RedisRecovery recovery = new RedisRecovery(real);
        private final RedisHistory history = new RedisHistory(real);
        private final RedisCleanups cleanups = new RedisCleanups(real);
        private final RedisParking parking = new RedisParking(real);
        private final List<List<ParkedRun>> parked = new ArrayList<>();
        private final ModelRedis model;
        private final List<Token> tokens = new ArrayList<>();
        private final List<EntryId> cursors = new ArrayList<>();
        private final List<Batch> batches = new ArrayList<>();
        private final List<String> done = new ArrayList<>();
        private long generation;

        private Sequence(int seed) {
            this.seed = seed;
            this.random = new SplittableRandom(seed);
            // Time stands still: RecoveryTest checks leases and deadlines.
            this.model = new ModelRedis(() -> 0, () -> generation, 10_000);
            tokens.add(Token.mint());
            cursors.add(EntryId.start(1));
        }

        private SessionId session() {
            return new SessionId("s" + seed + (random.nextInt(4) == 0 ? "b" : "a"));
        }

        private MessageId message() {
            return new MessageId("m" + random.nextInt(4));
        }

        private UserId user() {
            return new UserId(random.nextInt(6) == 0 ? "u2" : "u1");
        }

        private WorkerId worker() {
            return new WorkerId("w" + seed + random.nextInt(2));
        }

        /// One of them, the later ones more often.
        private <T> T one(List<T> of) {
            int least = random.nextInt(of.size());
            return of.get(random.nextInt(least, of.size()));
        }

        private Chunk chunk(SessionId session, MessageId message, int id, boolean last) {
            ChunkBody body =
                    random.nextInt(10) == 0 && !last
                            ? new ChunkBody.Reset(0)
                            : new ChunkBody.Content("t" + random.nextInt(100) + " ");
            return new Chunk(
                    session,
                    message,
                    id,
                    body,
                    last ? new Completion("m", 1, reason()) : null,
                    Instant.EPOCH,
                    "c");
        }

        private Completion.FinishReason reason() {
            return random.nextInt(4) == 0
                    ? Completion.FinishReason.ERROR
                    : Completion.FinishReason.STOP;
        }

        private WorkflowRequest request() {
            return new WorkflowRequest(
                    message(),
                    session(),
                    user(),
                    random.nextInt(8) == 0 ? "other" : "text",
                    RequestContext.empty(),
                    random.nextInt(3) == 0 ? message() : null,
                    Instant.EPOCH,
                    "c");
        }

        private void call() throws Exception {
            switch (random.nextInt(25)) {
                case 0, 1 -> accept();
                case 2, 3 -> claim();
                case 4, 5, 6, 7 -> append();
                case 8 -> refuse();
                case 9 -> finish();
                case 10 -> release();
                case 11 -> read();
                case 12 -> attach();
                case 13 -> lease();
                case 14 -> settle();
                case 15 -> members();
                case 16 -> checkpoint();
                case 17, 18 -> resume();
                case 19 -> ask();
                case 20, 21 -> evict();
                case 22 -> cleanUp();
                case 23 -> park();
                default -> erase();
            }
        }

        /// A call that begins a log again does so in the same call.
        private void sameTails() throws Exception {
            for (String each : List.of("a", "b")) {
                SessionId session = new SessionId("s" + seed + each);
                Optional<EntryId> tail = get(log.tail(session));
                assertThat(model.tail(session)).as("seed %d after %s", seed, done).isEqualTo(tail);
            }
        }

        private void accept() throws Exception {
            WorkflowRequest request = request();
            Accept answer = get(log.accept(request));
            learn(request.sessionId());
            same("accept " + request, answer, model.accept(request));
        }

        private void claim() throws Exception {
            SessionId session = session();
            Optional<MessageId> delivered =
                    random.nextBoolean() ? Optional.empty() : Optional.of(message());
            WorkerId worker = worker();
            if (random.nextInt(4) > 0) {
                tokens.add(Token.mint());
            }
            Token token = one(tokens);
            Claim answer = get(log.claim(session, delivered, worker, token));
            learn(session);
            same(
                    "claim " + session + " " + delivered + " " + worker + " " + token,
                    answer,
                    model.claim(session, delivered, worker, token));
        }

        private void append() throws Exception {
            SessionId id = session();
            ModelSession session = model.session(id);
            Batch batch;
            if (session == null || session.active == null || random.nextInt(4) == 0) {
                batch = batches.isEmpty() ? batch(id, message(), one(tokens), 0) : one(batches);
            } else {
                Token token =
                        session.token == null || random.nextInt(6) == 0
                                ? one(tokens)
                                : session.token;
                int from = session.next + (random.nextInt(6) == 0 ? 1 : 0);
                batch = batch(id, session.active, token, from);
            }
            batches.add(batch);
            same("append " + batch, get(log.append(batch)), model.append(batch));
        }

        private Batch batch(SessionId session, MessageId message, Token token, int from) {
            List<Batch.Addition> additions = new ArrayList<>();
            int chunks = random.nextInt(1, 4);
            boolean terminal = random.nextInt(4) == 0;
            for (int i = 0; i < chunks; i++) {
                Chunk chunk = chunk(session, message, from + i, terminal && i == chunks - 1);
                additions.add(new Batch.Addition(EventName.CHUNK, chunk.encode()));
                if (chunk.isFinal()) {
                    additions.add(Batch.End.of(chunk).additions().getLast());
                }
            }
            List<String> handles =
                    random.nextInt(4) == 0 ? List.of("h" + random.nextInt(3)) : List.of();
            return new Batch(session, message, token, from, additions, handles, then(terminal));
        }

        private Batch.Then then(boolean terminal) {
            if (terminal) {
                return Batch.Then.END;
            }
            return random.nextInt(4) == 0 ? Batch.Then.PARK : Batch.Then.CONTINUE;
        }

        private void checkpoint() throws Exception {
            SessionId id = session();
            ModelSession session = model.session(id);
            MessageId message =
                    session == null || session.active == null ? message() : session.active;
            Token token =
                    session == null || session.token == null || random.nextInt(3) == 0
                            ? one(tokens)
                            : session.token;
            String checkpoint = "{\"done\":" + random.nextInt(100) + "}";
            int chunks = random.nextInt(4);
            same(
                    "checkpoint " + message + " " + token + " " + chunks,
                    get(log.checkpoint(id, message, token, chunks, checkpoint)),
                    model.checkpoint(id, message, token, chunks, checkpoint));
        }

        private void resume() throws Exception {
            SessionId id = session();
            ModelSession session = model.session(id);
            MessageId message =
                    session == null || session.active == null || random.nextInt(4) == 0
                            ? message()
                            : session.active;
            UserId user = user();
            Chunk resumed =
                    new Chunk(
                            id,
                            message,
                            0,
                            new ChunkBody.Status("resumed", Json.object()),
                            null,
                            Instant.EPOCH,
                            "c" + random.nextInt(2));
            Integer question = random.nextBoolean() ? null : random.nextInt(4);
            UserAnswer answer = new UserAnswer("a" + random.nextInt(2), question);
            same(
                    "resume " + message + " " + user + " " + answer,
                    get(log.resume(user, resumed, answer)),
                    model.resume(user, resumed, answer));
            if (random.nextInt(3) == 0) {
                same(
                        "resume again",
                        get(log.resume(user, resumed, answer)),
                        model.resume(user, resumed, answer));
            }
        }

        private void refuse() throws Exception {
            SessionId session = session();
            MessageId message = message();
            Batch.End end = Batch.End.of(chunk(session, message, 0, true));
            same(
                    "refuse " + message,
                    get(log.refuse(session, message, end)),
                    model.refuse(session, message, end));
        }

        private void finish() throws Exception {
            Optional<UserId> user = random.nextBoolean() ? Optional.empty() : Optional.of(user());
            Chunk last = chunk(session(), message(), 0, true);
            same("finish " + last, get(log.finish(user, last)), model.finish(user, last));
            if (random.nextInt(3) == 0) {
                same("finish again", get(log.finish(user, last)), model.finish(user, last));
            }
        }

        private void release() throws Exception {
            SessionId id = session();
            ModelSession session = model.session(id);
            MessageId message =
                    session == null || session.active == null ? message() : session.active;
            Token token =
                    session == null || session.token == null || random.nextInt(3) == 0
                            ? one(tokens)
                            : session.token;
            same(
                    "release " + message + " " + token,
                    get(log.release(id, message, token)),
                    model.release(id, message, token));
        }

        private void read() throws Exception {
            SessionId session = session();
            EntryId after = one(cursors);
            int most = random.nextInt(1, 6);
            same(
                    "read " + session + " " + after,
                    get(log.read(session, after, most)),
                    model.read(session, after, most));
            same("tail " + session, get(log.tail(session)), model.tail(session));
        }

        private void attach() throws Exception {
            SessionId session = session();
            UserId user = user();
            PodId pod = pod();
            ConnectionId connection = connection();
            boolean register = random.nextInt(3) > 0;
            var answer = get(registry(pod).attach(session, user, connection, register));
            learn(session);
            same(
                    "attach " + session + " " + user,
                    answer,
                    model.attach(session, user, new Member(pod, connection), register));
        }

        private PodId pod() {
            return new PodId("p" + random.nextInt(2));
        }

        private ConnectionId connection() {
            return new ConnectionId((random.nextBoolean() ? "batch1_" : "c") + random.nextInt(2));
        }

        private RedisConnectionRegistry registry(PodId pod) {
            return new RedisConnectionRegistry(real, pod);
        }

        private void members() throws Exception {
            SessionId session = session();
            PodId pod = pod();
            ConnectionId connection = connection();
            Member member = new Member(pod, connection);
            switch (random.nextInt(4)) {
                case 0 -> {
                    get(registry(pod).refresh(session, connection));
                    model.refresh(session, member);
                }
                case 1, 2 -> {
                    get(registry(pod).detach(session, connection));
                    model.detach(session, member);
                }
                default -> {
                    long upTo = random.nextLong(20);
                    get(registry(pod).seen(session, upTo));
                    model.seen(session, upTo);
                }
            }
        }

        /// Leases end, so that others can claim; they begin only for a moment, because the model's time stands still.
        private void lease() throws Exception {
            WorkerId worker = worker();
            RedisLease lease = new RedisLease(real, worker);
            get(lease.renew());
            model.renew(worker);
            if (random.nextBoolean()) {
                claim();
                ask();
            }
            get(lease.end());
            model.endLease(worker);
            same("orphans " + worker, get(recovery.orphans(worker)), model.orphans(worker));
            same(
                    "strays " + worker,
                    get(recovery.strays(worker, session -> false)),
                    model.strays(worker, session -> false));
        }

        private void erase() throws Exception {
            SessionId session = session();
            UserId user = user();
            same(
                    "erase " + session + " " + user,
                    get(history.erase(session, user)).isPresent(),
                    model.erase(session, user));
            same("tail " + session, get(log.tail(session)), model.tail(session));
            if (random.nextBoolean()) { // a minute passes, and its messages can be asked again
                get(real.send(commands -> commands.del(Keys.erased(session))));
                model.erased.keySet().removeIf(place -> place.session().equals(session));
            }
        }

        private void settle() throws Exception {
            SessionId session = session();
            try {
                get(history.settle(session));
            } catch (ExecutionException e) { // something of it was evicted
                assertThat(e).hasCauseInstanceOf(IllegalStateException.class);
            }
            model.settle(session);
            Optional<Recent> newest = get(history.newest(session, new UserId("u1")));
            learn(session);
            same("newest " + session, newest, model.newest(session, new UserId("u1")));
            MessageId message = message();
            int most = random.nextInt(60);
            same(
                    "before " + session + " " + message + " " + most,
                    get(history.before(session, message, most)),
                    model.before(session, message, most));
        }

        private void ask() throws Exception {
            SessionId session = session();
            MessageId message = message();
            same("ended", get(log.atRest(session, message)), model.atRest(session, message));
            same(
                    "workState",
                    get(log.workState(session, message)),
                    model.workState(session, message));
            same("request", get(log.request(session, message)), model.request(session, message));
        }

        /// The model begins a log with the generation that the real one drew. Called after the real call; the model's
        /// call comes next.
        private void learn(SessionId session) throws Exception {
            get(log.tail(session)).ifPresent(tail -> generation = tail.generation());
        }

        private void evict() throws Exception {
            SessionId session = session();
            MessageId message = message();
            ModelSession.Key[] keys = ModelSession.Key.values();
            ModelSession.Key key = keys[random.nextInt(keys.length)];
            String name =
                    switch (key) {
                        case META -> Keys.meta(session);
                        case LOG -> Keys.log(session);
                        case RUN -> Keys.run(session, message);
                        case HISTORY -> Keys.history(session);
                    };
            get(real.send(commands -> commands.del(name)));
            model.evict(session, key, message);
            done.add("evict " + session + " " + key + " " + message);
        }

        private void cleanUp() throws Exception {
            List<Cleanup> found = new ArrayList<>();
            List<Cleanup> modelled = new ArrayList<>();
            for (Taken taken = get(cleanups.take());
                    taken.cleanup().isPresent();
                    taken = get(cleanups.take())) {
                found.add(taken.cleanup().get());
                get(cleanups.done(taken.cleanup().get()));
            }
            for (Taken taken = model.takeCleanup();
                    taken.cleanup().isPresent();
                    taken = model.takeCleanup()) {
                modelled.add(taken.cleanup().get());
                model.cleaned(taken.cleanup().get());
            }
            same("clean up", found, modelled);
        }

        /// Removes a waiting run, or restores one.
        private void park() throws Exception {
            SessionId id = session();
            ModelSession session = model.session(id);
            if (session != null && session.canGrow() && random.nextBoolean()) {
                Optional<ParkedRun> found = get(parking.parked(id));
                Optional<ParkedRun> modelled = model.parked(id);
                same("parked " + id, found.map(ParkedRun::chunks), modelled.map(ParkedRun::chunks));
                if (found.isPresent()) {
                    parked.add(List.of(found.get(), modelled.orElseThrow()));
                }
            } else if (!parked.isEmpty()) {
                List<ParkedRun> run = one(parked);
                boolean isBack = get(parking.restore(run.getFirst()));
                learn(run.getFirst().session());
                same("restore " + run.getFirst().message(), isBack, model.restore(run.getLast()));
            }
        }

        private void same(String call, Object real, Object modelled) {
            done.add(call);
            assertThat(show(modelled)).as("seed %d after %s", seed, done).isEqualTo(show(real));
        }

        private String show(Object answer) {
            return switch (answer) {
                case Optional<?> optional -> optional.map(this::show).orElse("-");
                case Collection<?> all -> all.stream().map(this::show).sorted().toList().toString();
                case SessionPods(var batched, var single) -> show(batched) + show(single);
                case byte[] bytes -> new String(bytes, StandardCharsets.UTF_8);
                case Entry entry -> {
                    cursors.add(entry.id());
                    yield entry.toString();
                }
                case Accept.Accepted(Entry entry, var pods, int before) ->
                        show(entry) + show(pods) + before;
                case Append.Appended(var entries, var pods) -> inOrder(entries) + show(pods);
                case Refuse.Refused(var entries, var pods) -> inOrder(entries) + show(pods);
                case Finish.Finished(var entries, var pods) -> inOrder(entries) + show(pods);
                case Slice.Entries(var entries, EntryId tail) -> inOrder(entries) + tail;
                case Claim.Claimed claimed ->
                        claimed.request()
                                + " "
                                + claimed.attempt()
                                + " "
                                + claimed.nextChunk()
                                + claimed.streamed().stream().map(this::show).toList();
                // The real script identifies the end by its own clock.
                case WorkState.AtRest _ -> "at rest";
                case Orphan orphan -> orphan.request().messageId() + orphan.occasion();
                case Recent recent -> turns(recent) + recent.cursor();
                default -> answer.toString();
            };
        }

        private String inOrder(List<Entry> entries) {
            return entries.stream().map(this::show).toList().toString();
        }

        private static String turns(Recent recent) {
            return recent.turns().stream()
                    .map(Json::readObject)
                    .map((ObjectNode turn) -> turn.get("message_id") + ": " + turn.get("answer"))
                    .toList()
                    .toString();
        }
    }
}
