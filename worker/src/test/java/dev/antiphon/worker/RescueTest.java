package dev.antiphon.worker;

import static dev.antiphon.worker.PlainPeers.demoAnswer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.antiphon.backplane.Backplane;
import dev.antiphon.backplane.BackplaneSettings;
import dev.antiphon.backplane.log.Batch;
import dev.antiphon.backplane.log.Claim;
import dev.antiphon.backplane.log.Finish;
import dev.antiphon.backplane.log.Token;
import dev.antiphon.engine.run.Counters.Count;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.RequestContext;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkerId;
import dev.antiphon.protocol.WorkflowRequest;
import dev.antiphon.providers.ModelProviders;
import dev.antiphon.worker.PlainPeers.PlainPod;

import io.nats.client.JetStreamSubscription;
import io.nats.client.Message;
import io.nats.client.PullSubscribeOptions;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import tools.jackson.databind.JsonNode;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/// How a worker repairs what dead processes left, on real servers.
final class RescueTest {

    /// Five seconds until a worker trusts leases, three until one expires, and a wide margin.
    private static final Duration IN_TIME = Duration.ofSeconds(25);

    /// The time after which the queue delivers again a request that a worker received and did not ack.
    private static final Duration ACK_WAIT = Duration.ofSeconds(30);

    private static final SessionId SESSION = new SessionId("test");

    private PlainPeers peers;
    private Backplane backplane;
    private @Nullable Worker worker;

    @BeforeEach
    void start() throws Exception {
        peers = new PlainPeers();
        backplane =
                Backplane.open(
                        BackplaneSettings.from(
                                ModelProviders.environment(peers.environment()),
                                Duration.ofSeconds(5)),
                        "test");
    }

    @AfterEach
    void stop() throws Exception {
        if (worker != null) {
            worker.close();
        }
        backplane.close();
        peers.close();
    }

    private void startWorker(String demoDelay) throws InterruptedException {
        Map<String, String> environment = new HashMap<>(peers.environment());
        environment.put("CHAT_DEMO_DELAY", demoDelay);
        worker = Worker.open(WorkerConfig.from(ModelProviders.environment(environment)));
    }

    private static WorkflowRequest request(String message) {
        return new WorkflowRequest(
                new MessageId(message),
                SESSION,
                new UserId("user1"),
                "hi",
                RequestContext.empty(),
                null,
                Instant.now(),
                "corr_1");
    }

    private static <T> T get(CompletionStage<T> stage) throws Exception {
        return stage.toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    /// Claims as a worker that then stops, after the demo's first chunk.
    private void dieAfterOneChunk(String message) throws Exception {
        WorkerId dead = new WorkerId("worker_dead");
        get(backplane.log().accept(request(message)));
        get(backplane.lease(dead).renew());
        assertThat(get(backplane.recovery().workers())).contains(dead);
        Token token = Token.mint();
        Claim claim = get(backplane.log().claim(SESSION, Optional.empty(), dead, token));
        assertThat(claim).isInstanceOf(Claim.Claimed.class);
        Chunk first =
                new Chunk(
                        SESSION,
                        new MessageId(message),
                        0,
                        new ChunkBody.Content("I received your "),
                        null,
                        Instant.now(),
                        "corr_1");
        get(
                backplane
                        .log()
                        .append(
                                new Batch(
                                        SESSION,
                                        new MessageId(message),
                                        token,
                                        0,
                                        List.of(
                                                new Batch.Addition(
                                                        EventName.CHUNK, first.encode())),
                                        Batch.Then.CONTINUE)));
    }

    @Test
    void aSurvivorContinuesTheAnswerOfADeadWorkerWithoutAnyDelivery() throws Exception {
        PlainPod pod = peers.pod("pod-1", "test");
        dieAfterOneChunk("m1");

        startWorker("0ms");

        await().atMost(IN_TIME).until(() -> pod.complete("m1"));
        assertThat(pod.text("m1")).isEqualTo(demoAnswer("hi"));
        assertThat(pod.chunks("m1"))
                .extracting(chunk -> chunk.get("chunk_id").asInt())
                .isEqualTo(IntStream.range(0, pod.chunks("m1").size()).boxed().toList());
        await().atMost(IN_TIME)
                .until(() -> !peers.redis.sync().smembers("chat:workers").contains("worker_dead"));
    }

    /// A worker that is paused, or cut off from Redis, can have an open pull when a survivor publishes the request.
    @Test
    void aRunContinuesAlthoughAWorkerThatDoesNothingReceivedItsRequest() throws Exception {
        PlainPod pod = peers.pod("pod-1", "test");
        dieAfterOneChunk("m1");
        JetStreamSubscription silent =
                peers.nats
                        .jetStream()
                        .subscribe(
                                null,
                                PullSubscribeOptions.bind("CHAT_WORKFLOW", "workflow-workers"));
        silent.pullExpiresIn(1, Duration.ofMinutes(1));
        peers.nats.flush(Duration.ofSeconds(5));

        startWorker("0ms");

        Message received = silent.nextMessage(IN_TIME);
        long since = System.nanoTime();
        assertThat(received).isNotNull();
        await().atMost(IN_TIME).until(() -> pod.complete("m1"));
        assertThat(Duration.ofNanos(System.nanoTime() - since)).isLessThan(ACK_WAIT.dividedBy(3));
        assertThat(pod.text("m1")).isEqualTo(demoAnswer("hi"));
    }

    @Test
    void theAnswerOfAStoppedWorkerContinuesWhileItIsStopped() throws Exception {
        PlainPod pod = peers.pod("pod-1", "test");
        Map<String, String> environment = new HashMap<>(peers.environment());
        environment.put("CHAT_DEMO_DELAY", "500ms");
        environment.put("CHAT_DEMO_WORDS", "1");
        try (WorkerProcess first = WorkerProcess.start(environment)) {
            peers.ask("test", "m1", "hi");
            await().atMost(IN_TIME).until(() -> !pod.chunks("m1").isEmpty());
            startWorker("0ms");
            int before = pod.chunks("m1").size();
            // Long enough for the other worker to trust leases.
            await().atMost(IN_TIME).until(() -> pod.chunks("m1").size() >= before + 12);

            first.pause();
            long since = System.nanoTime();

            await().atMost(IN_TIME).until(() -> pod.complete("m1"));
            assertThat(Duration.ofNanos(System.nanoTime() - since))
                    .isLessThan(ACK_WAIT.dividedBy(3));
            first.resume();
            // In the log: a paused worker rings for its last chunk when it is resumed.
            LoggedAnswer answer = LoggedAnswer.of(peers, "test");
            assertThat(answer.text()).isEqualTo(demoAnswer("hi"));
            assertThat(answer.ids())
                    .isEqualTo(IntStream.range(0, answer.ids().size()).boxed().toList());
        }
    }

    /// A survivor read the run from Redis, the user deleted the chat, and then the survivor's copy was stored.
    @Test
    void aDeletedChatDoesNotComeBackWithARepublishedRequest() throws Exception {
        get(backplane.log().accept(request("m1")));
        get(backplane.history().settle(SESSION));
        assertThat(get(backplane.conversations().erase(SESSION, new UserId("user1")))).isPresent();
        startWorker("0ms");

        get(backplane.queue().publishAgain(request("m1"), "r1"));

        Worker started = Objects.requireNonNull(worker);
        await().atMost(IN_TIME).until(() -> started.counters().of(Count.WITHDRAWN) == 1);
        await().atMost(IN_TIME).until(() -> peers.stored() == 0);
        assertThat(peers.redis.sync().keys("chat:*test*")).isSubsetOf(Keys.erased(SESSION));
    }

    @Test
    void aRequestWhoseAnswerIsStoredIsDoneThoughRedisHasEvictedItsRun() throws Exception {
        PlainPod pod = peers.pod("pod-1", "test");
        startWorker("0ms");
        peers.ask("test", "m1", "hi");
        await().atMost(IN_TIME).until(() -> pod.complete("m1"));
        await().atMost(IN_TIME)
                .until(() -> peers.redis.sync().hexists(Keys.history(SESSION), "m1"));

        assertThat(peers.redis.sync().del(Keys.run(SESSION, new MessageId("m1")))).isOne();

        await().atMost(IN_TIME).until(() -> peers.stored() == 0);
    }

    @Test
    void aMessageThatNeverReachedTheQueueIsSweptUp() throws Exception {
        PlainPod pod = peers.pod("pod-1", "test");
        get(backplane.log().accept(request("m1")));

        startWorker("0ms");

        await().atMost(IN_TIME).until(() -> pod.complete("m1"));
        assertThat(pod.text("m1")).isEqualTo(demoAnswer("hi"));
    }

    @Test
    void aMessageThatWasBegunTooOftenEndsInAnErrorAndTheNextIsAnswered() throws Exception {
        PlainPod pod = peers.pod("pod-1", "test");
        get(backplane.log().accept(request("m1")));
        peers.redis.sync().hset("chat:run:test:m1", "attempts", "5");
        startWorker("0ms");

        peers.ask("test", "m2", "next");

        await().atMost(IN_TIME).until(() -> pod.complete("m2"));
        JsonNode last = pod.chunks("m1").getLast();
        assertThat(last.get("error").get("code").asString()).isEqualTo("too_many_attempts");
        assertThat(last.get("metadata").get("finish_reason").asString()).isEqualTo("error");
        assertThat(pod.text("m2")).isEqualTo(demoAnswer("next"));
        var letters =
                peers.nats
                        .jetStreamManagement()
                        .getStreamInfo("CHAT_DEAD_LETTERS")
                        .getStreamState();
        assertThat(letters.getMsgCount()).isEqualTo(1);
        // Not that of m2, whose delivery led to it.
        JsonNode letter =
                PlainPeers.JSON.readTree(
                        peers.nats
                                .jetStreamManagement()
                                .getMessage("CHAT_DEAD_LETTERS", 1)
                                .getData());
        assertThat(letter.get("message_id").asString()).isEqualTo("m1");
    }

    @Test
    void aCancelledAnswerEndsAtOnceAndTheNextMessageStarts() throws Exception {
        PlainPod pod = peers.pod("pod-1", "test");
        startWorker("200ms");
        peers.ask("test", "m1", "a long one");
        await().atMost(IN_TIME).until(() -> pod.chunks("m1").size() >= 2);
        peers.ask("test", "m2", "next");

        Chunk last = PlainPeers.cancelled(SESSION, new MessageId("m1"));
        Finish finish = get(backplane.log().finish(Optional.of(PlainPeers.USER), last));
        backplane.notices().cancelled(SESSION, new MessageId("m1"));
        assertThat(finish).isInstanceOf(Finish.Finished.class);

        await().atMost(IN_TIME).until(() -> pod.complete("m2"));
        List<JsonNode> chunks = pod.chunks("m1");
        assertThat(chunks.getLast().get("metadata").get("finish_reason").asString())
                .isEqualTo("cancelled");
        assertThat(chunks)
                .extracting(chunk -> chunk.get("chunk_id").asInt())
                .isEqualTo(IntStream.range(0, chunks.size()).boxed().toList());
        assertThat(demoAnswer("a long one")).startsWith(pod.text("m1"));
        assertThat(pod.text("m2")).isEqualTo(demoAnswer("next"));
    }

    @Test
    void anEndedMessagesRequestIsAckedOnceRedisCannotForgetItAnyMore() throws Exception {
        startWorker("0ms");
        PlainPod pod = peers.pod("pod-1", "test");

        peers.ask("test", "m1", "hi");

        await().atMost(IN_TIME).until(() -> pod.complete("m1"));
        var stream = peers.nats.jetStreamManagement();
        assertThat(stream.getStreamInfo("CHAT_WORKFLOW").getStreamState().getMsgCount()).isOne();
        await().atMost(IN_TIME)
                .until(() ->
                        stream.getStreamInfo("CHAT_WORKFLOW").getStreamState().getMsgCount() == 0);
    }

    @Test
    void aMessageThatRedisForgetsBeforeTheAckIsAnsweredAgain() throws Exception {
        startWorker("0ms");
        PlainPod pod = peers.pod("pod-1", "test");
        peers.ask("test", "m1", "hi");
        await().atMost(IN_TIME).until(() -> pod.complete("m1"));

        peers.redis.sync().flushall();
        peers.redis.sync().sadd("session:connections:test", "pod-1:conn-1");

        await().atMost(IN_TIME)
                .until(() ->
                        pod.chunks("m1").stream()
                                        .filter(chunk -> chunk.get("is_final").asBoolean())
                                        .count()
                                == 2);
    }
}
