package dev.antiphon.worker;

import static dev.antiphon.testkit.OpenAiStream.role;
import static dev.antiphon.testkit.OpenAiStream.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.antiphon.backplane.Backplane;
import dev.antiphon.backplane.BackplaneSettings;
import dev.antiphon.backplane.log.Batch;
import dev.antiphon.backplane.log.Claim;
import dev.antiphon.backplane.log.Token;
import dev.antiphon.engine.run.Counters.Count;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.RequestContext;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkerId;
import dev.antiphon.protocol.WorkflowRequest;
import dev.antiphon.providers.ModelProviders;
import dev.antiphon.testkit.FakeModelServer;
import dev.antiphon.worker.PlainPeers.PlainPod;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// The metrics of a worker, on real servers: each of its counters is increased from zero.
final class MetricsTest {

    private static final Duration IN_TIME = Duration.ofSeconds(60);
    private static final SessionId SESSION = new SessionId("test");
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    /// `MeterBoundsTest` tests these: a hundred thousand waiting acks, and data that only a killed server
    /// leaves behind.
    private static final Set<Count> SEEN_ELSEWHERE =
            EnumSet.of(Count.ACK_DROPPED, Count.PURGED, Count.SETTLED_LATER);

    private static final Set<Count> driven = EnumSet.noneOf(Count.class);

    private final List<AutoCloseable> opened = new ArrayList<>();
    private PlainPeers peers;

    @BeforeEach
    void startServers() throws Exception {
        peers = new PlainPeers();
        opened.add(peers);
    }

    @AfterEach
    void stopServers() throws Exception {
        for (AutoCloseable each : opened.reversed()) {
            each.close();
        }
    }

    @AfterAll
    static void noCounterIsZero() {
        driven.addAll(SEEN_ELSEWHERE);
        assertThat(driven).containsExactlyInAnyOrder(Count.values());
    }

    private Worker worker(String... more) throws InterruptedException {
        Map<String, String> environment = new HashMap<>(peers.environment());
        for (int i = 0; i < more.length; i += 2) {
            environment.put(more[i], more[i + 1]);
        }
        Worker worker = Worker.open(WorkerConfig.from(ModelProviders.environment(environment)));
        opened.add(worker);
        return worker;
    }

    private Backplane backplane() throws InterruptedException {
        Backplane backplane =
                Backplane.open(
                        BackplaneSettings.from(
                                ModelProviders.environment(peers.environment()),
                                Duration.ofSeconds(5)),
                        "test");
        opened.add(backplane);
        return backplane;
    }

    private static void awaitDriven(Worker worker, Count... counts) {
        for (Count count : counts) {
            await(count.name()).atMost(IN_TIME).until(() -> worker.counters().of(count) > 0);
            driven.add(count);
        }
    }

    private static HttpResponse<String> get(Worker worker, String path) throws Exception {
        return send(HttpRequest.newBuilder(address(worker, path)).build());
    }

    private static URI address(Worker worker, String path) {
        return URI.create("http://127.0.0.1:" + worker.port() + path);
    }

    private static HttpResponse<String> send(HttpRequest request) throws Exception {
        return HTTP.send(request, BodyHandlers.ofString());
    }

    private static double metric(Worker worker, String line) throws Exception {
        return get(worker, "/metrics")
                .body()
                .lines()
                .filter(each -> each.startsWith(line + " "))
                .mapToDouble(each -> Double.parseDouble(each.substring(line.length() + 1)))
                .findFirst()
                .orElseThrow(() -> new AssertionError(line));
    }

    private static <T> T get(CompletionStage<T> stage) throws Exception {
        return stage.toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    /// Lets a worker die that has streamed one chunk.
    private void dieAfterOneChunk(Backplane backplane, String message, RequestContext context)
            throws Exception {
        WorkerId dead = new WorkerId("worker_dead");
        MessageId id = new MessageId(message);
        get(
                backplane
                        .log()
                        .accept(
                                new WorkflowRequest(
                                        id,
                                        SESSION,
                                        new UserId("user1"),
                                        "hi",
                                        context,
                                        null,
                                        Instant.now(),
                                        "corr_1")));
        get(backplane.lease(dead).renew());
        Token token = Token.mint();
        assertThat(get(backplane.log().claim(SESSION, Optional.empty(), dead, token)))
                .isInstanceOf(Claim.Claimed.class);
        Chunk first =
                new Chunk(
                        SESSION,
                        id,
                        0,
                        new ChunkBody.Content("I received your "),
                        null,
                        Instant.now(),
                        "corr_1");
        Batch batch =
                new Batch(
                        SESSION,
                        id,
                        token,
                        0,
                        List.of(new Batch.Addition(EventName.CHUNK, first.encode())),
                        Batch.Then.CONTINUE);
        get(backplane.log().append(batch));
    }

    @Test
    void anAnswerShowsInTheTimesAndTheGaugesReturnToZero() throws Exception {
        Worker worker = worker("CHAT_DEMO_DELAY", "100ms", "CHAT_WORKFLOW_CONCURRENCY", "1");
        PlainPod pod = peers.pod("pod-1", "test");

        peers.ask("test", "m1", "hi");
        await().atMost(IN_TIME).until(() -> !pod.chunks("m1").isEmpty());
        peers.ask("other", "m2", "waits for room");

        await().atMost(IN_TIME).until(() -> metric(worker, "chat_queue_waiting") == 1);
        assertThat(metric(worker, "chat_queue_oldest_age_seconds")).isBetween(0.0, 60.0);
        assertThat(metric(worker, "chat_worker_runs_active")).isEqualTo(1);
        assertThat(metric(worker, "chat_worker_sessions_active")).isEqualTo(1);
        assertThat(metric(worker, "chat_worker_permits")).isEqualTo(1);
        assertThat(metric(worker, "chat_worker_permits_used")).isEqualTo(1);
        await().atMost(IN_TIME)
                .until(() ->
                        pod.complete("m1")
                                && metric(worker, "chat_worker_permits_used") == 0
                                && metric(worker, "chat_queue_waiting") == 0);
        assertThat(metric(worker, "chat_worker_runs_active")).isZero();
        assertThat(metric(worker, "chat_first_chunk_seconds_count")).isEqualTo(2);
        assertThat(metric(worker, "chat_first_chunk_seconds_sum")).isPositive();
        assertThat(metric(worker, "chat_append_seconds_count")).isGreaterThan(10);
        assertThat(metric(worker, "chat_append_seconds_sum")).isPositive();
        assertThat(metric(worker, "chat_server_connected{server=\"nats\"}")).isEqualTo(1);
        assertThat(metric(worker, "chat_rings_lost_total")).isZero();
        for (Count count : Count.values()) {
            String kind = count.name().toLowerCase(Locale.ROOT);
            assertThat(metric(worker, "chat_worker_incidents_total{kind=\"" + kind + "\"}"))
                    .isEqualTo((double) worker.counters().of(count));
        }
    }

    /// One message is being answered, another of its session waits behind it, and a third waits for a worker.
    @Test
    void theQueueReportsStoredWaitingAndDeliveredRequests() throws Exception {
        Worker worker = worker("CHAT_DEMO_DELAY", "1s", "CHAT_WORKFLOW_CONCURRENCY", "2");
        PlainPod pod = peers.pod("pod-1", "test");
        peers.ask("test", "m1", "hi");
        await().atMost(IN_TIME).until(() -> !pod.chunks("m1").isEmpty());
        peers.ask("test", "m2", "held");
        await().atMost(IN_TIME).until(() -> metric(worker, "chat_worker_deliveries_held") == 1);
        peers.ask("other", "m3", "takes the room that the held one left");
        await().atMost(IN_TIME).until(() -> metric(worker, "chat_worker_permits_used") == 2);
        peers.ask("third", "m4", "waits");

        await().atMost(IN_TIME).until(() -> metric(worker, "chat_queue_waiting") == 1);
        assertThat(metric(worker, "chat_queue_stored")).isEqualTo(4);
        assertThat(metric(worker, "chat_queue_delivered")).isEqualTo(3);
        assertThat(metric(worker, "chat_queue_redelivered")).isZero();
    }

    /// Each name and each kind that an operator can see is documented in docs/metrics.md.
    @Test
    void everyMetricIsDocumented() throws Exception {
        String document = Files.readString(Path.of("..", "docs", "metrics.md"));
        String told = get(worker(), "/metrics").body();
        List<String> undocumented =
                told.lines()
                        .filter(line -> line.startsWith("chat_"))
                        .flatMap(line -> Stream.of(name(line), kind(line)))
                        .filter(each -> !document.contains("`" + each))
                        .distinct()
                        .toList();
        assertThat(undocumented).isEmpty();
    }

    private static String name(String line) {
        return line.replaceFirst("[{ ].*", "").replaceFirst("_(count|sum|max)$", "");
    }

    /// The kind of an incident, or an empty text.
    private static String kind(String line) {
        return line.contains("kind=\"") ? line.replaceFirst(".*kind=\"([^\"]*)\".*", "$1") : "";
    }

    @Test
    void healthIsCorrectWhileAServerIsUnavailable() throws Exception {
        Worker worker = worker();
        assertThat(get(worker, "/health").statusCode()).isEqualTo(200);
        assertThat(get(worker, "/health").body())
                .contains("\"status\":\"healthy\"", "\"worker_id\":\"worker_", "\"active_runs\":0");

        peers.natsServer.kill();
        await().atMost(IN_TIME).until(() -> get(worker, "/health").statusCode() == 503);
        assertThat(get(worker, "/health").body())
                .contains("\"nats_connected\":false", "\"redis_connected\":true");
        assertThat(get(worker, "/health/ready").statusCode()).isEqualTo(503);
        assertThat(get(worker, "/health/live").statusCode()).isEqualTo(200);
        assertThat(metric(worker, "chat_queue_waiting")).isNaN();
        peers.natsServer.restart();
        await().atMost(IN_TIME).until(() -> get(worker, "/health/ready").statusCode() == 200);

        peers.redisServer.kill();
        await().atMost(IN_TIME).until(() -> get(worker, "/health").statusCode() == 503);
        assertThat(get(worker, "/health").body()).contains("\"redis_connected\":false");
        peers.redisServer.restart();
        await().atMost(IN_TIME).until(() -> get(worker, "/health").statusCode() == 200);
    }

    @Test
    void theStatusPageHasNoOtherRoutesAndReportsATakenPort() throws Exception {
        Worker worker = worker();

        assertThat(get(worker, "/healthy").statusCode()).isEqualTo(404);
        HttpRequest post =
                HttpRequest.newBuilder(address(worker, "/metrics"))
                        .POST(HttpRequest.BodyPublishers.noBody())
                        .build();
        assertThat(send(post).statusCode()).isEqualTo(405);
        HttpRequest head = HttpRequest.newBuilder(address(worker, "/health/live")).HEAD().build();
        assertThat(send(head).statusCode()).isEqualTo(200);
        assertThat(get(worker, "/metrics").headers().firstValue("Content-Type"))
                .hasValue("text/plain; version=0.0.4; charset=utf-8");
        assertThatThrownBy(() -> worker("CHAT_WORKER_PORT", "" + worker.port()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("cannot listen on port " + worker.port() + " of 127.0.0.1");
    }

    @Test
    void aDeadWorkersAnswerIsCountedAsTakenOverAndContinued() throws Exception {
        dieAfterOneChunk(backplane(), "m1", RequestContext.empty());

        awaitDriven(worker(), Count.RESCUED, Count.TAKEN_OVER, Count.CONTINUED);
    }

    @Test
    void aModelsFailuresAndAResetAreCounted() throws Exception {
        FakeModelServer model =
                new FakeModelServer(exchange -> {
                    if (exchange.isFirst()) {
                        exchange.answer(429, "Retry-After: 0\r\n", "{}");
                    } else {
                        exchange.open().send(role() + text("Hel")).cut();
                    }
                });
        opened.add(model);
        dieAfterOneChunk(backplane(), "m1", RequestContext.empty());

        Worker worker = worker("OPENAI_BASE_URL", model.baseUrl(), "CHAT_MODEL_RETRY_DELAY", "1ms");

        awaitDriven(worker, Count.RESET, Count.MODEL_RETRIED);
        await().atMost(IN_TIME)
                .until(() -> worker.counters().failures(ErrorCode.PROVIDER_FAILED) == 1);
        assertThat(metric(worker, "chat_answers_failed_total{code=\"provider_failed\"}"))
                .isEqualTo(1);
    }

    @Test
    void aFencedRunIsCountedAndItsClaimGivenBack() throws Exception {
        Worker worker = worker("CHAT_DEMO_DELAY", "200ms");
        PlainPod pod = peers.pod("pod-1", "test");
        peers.ask("test", "m1", "hi");
        peers.ask("other", "m2", "hi");
        await().atMost(IN_TIME).until(() -> pod.chunks("m1").size() >= 2);

        peers.redis.sync().hset("chat:meta:test", "token", "0123456789abcdef");
        peers.redis.sync().hset("chat:meta:other", "next", "99");

        awaitDriven(worker, Count.FENCED, Count.OUT_OF_SEQUENCE, Count.BUSY, Count.GIVEN_BACK);
        await().atMost(IN_TIME).until(() -> pod.complete("m1"));
    }

    @Test
    void cancelledAndReleasedRunsAreCounted() throws Exception {
        Backplane backplane = backplane();
        Worker worker = worker("CHAT_DEMO_DELAY", "500ms");
        PlainPod pod = peers.pod("pod-1", "test");
        peers.ask("test", "m1", "hi");
        await().atMost(IN_TIME).until(() -> !pod.chunks("m1").isEmpty());

        backplane.notices().cancelled(SESSION, new MessageId("m1"));
        awaitDriven(worker, Count.CANCELLED);

        PlainPod other = peers.pod("pod-1", "other");
        peers.ask("other", "m2", "hi");
        await().atMost(IN_TIME).until(() -> !other.chunks("m2").isEmpty());
        worker.close();
        awaitDriven(worker, Count.RELEASED);
    }

    @Test
    void retriesDuringARedisOutageAreCounted() throws Exception {
        Worker worker = worker("CHAT_DEMO_DELAY", "200ms");
        PlainPod pod = peers.pod("pod-1", "test");
        peers.ask("test", "m1", "hi");
        await().atMost(IN_TIME).until(() -> !pod.chunks("m1").isEmpty());

        peers.redisServer.kill();
        peers.ask("other", "m2", "hi");

        awaitDriven(worker, Count.APPEND_REPEATED, Count.ASKED_AGAIN, Count.LEASE_LATE);
        peers.redisServer.restart();
        await().atMost(IN_TIME).until(() -> pod.complete("m1"));
    }

    @Test
    void poisonAndAFullSessionAreCounted() throws Exception {
        Backplane backplane = backplane();
        dieAfterOneChunk(backplane, "m1", RequestContext.empty());
        peers.redis.sync().hset("chat:run:test:m1", "attempts", "5");
        Worker worker = worker("CHAT_DEMO_DELAY", "1s");

        for (int i = 0; i < 22; i++) {
            peers.ask("many", "m" + i, "hi");
        }

        awaitDriven(worker, Count.POISON, Count.DEAD_LETTER, Count.FULL, Count.REDELIVERED);
    }

    @Test
    void abandonedAndLostMessagesAreCounted() throws Exception {
        Backplane backplane = backplane();
        get(
                backplane
                        .log()
                        .accept(
                                new WorkflowRequest(
                                        new MessageId("m1"),
                                        SESSION,
                                        new UserId("user1"),
                                        "hi",
                                        RequestContext.empty(),
                                        null,
                                        Instant.now(),
                                        "corr_1")));
        Worker worker = worker();
        PlainPod pod = peers.pod("pod-1", "test");
        awaitDriven(worker, Count.SWEPT);
        await().atMost(IN_TIME).until(() -> pod.complete("m1"));

        peers.redis.sync().flushall();

        // The only remaining request is the sweeper's, which is not accepted.
        awaitDriven(worker, Count.FORGOTTEN, Count.WITHDRAWN);
    }

    @Test
    void aHistoryThatCannotBeWrittenIsCounted() throws Exception {
        Worker worker = worker("CHAT_DEMO_DELAY", "100ms");
        PlainPod pod = peers.pod("pod-1", "test");
        peers.ask("test", "m1", "hi");
        await().atMost(IN_TIME).until(() -> !pod.chunks("m1").isEmpty());

        peers.redis.sync().hset("chat:run:test:m1", "body", "{");

        awaitDriven(worker, Count.HISTORY_INCOMPLETE);
    }

    @Test
    void cleanUpsThatAreDoneFailAndAreGivenUpAreCounted() throws Exception {
        Backplane backplane = backplane();
        UserId user = new UserId("user1");
        dieAfterOneChunk(backplane, "m1", RequestContext.empty());
        get(backplane.conversations().erase(SESSION, user));
        // With a second provider the demo does not replace a missing one.
        Worker worker = worker("OPENAI_BASE_URL", "http://127.0.0.1:1/v1");
        awaitDriven(worker, Count.CLEANED_UP);

        RequestContext unknown = RequestContext.of(Json.object().put("ai_provider", "unknown"));
        dieAfterOneChunk(backplane, "m2", unknown);
        get(backplane.conversations().erase(SESSION, user));
        cleanUpsAreDue();
        awaitDriven(worker, Count.CLEANUP_REPEATED);

        var details = peers.redis.sync();
        details.hgetall(Keys.CLEANUP_DETAILS)
                .forEach((id, detail) ->
                        details.hset(
                                Keys.CLEANUP_DETAILS,
                                id,
                                detail.replaceFirst("\"tries\":\\d+", "\"tries\":10")));
        cleanUpsAreDue();
        awaitDriven(worker, Count.CLEANUP_LOST);
    }

    private void cleanUpsAreDue() {
        for (String id : peers.redis.sync().zrange(Keys.CLEANUPS, 0, -1)) {
            peers.redis.sync().zadd(Keys.CLEANUPS, 0, id);
        }
    }
}
