package dev.antiphon.worker;

import static dev.antiphon.worker.PlainPeers.demoAnswer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.antiphon.engine.run.Counters.Count;
import dev.antiphon.providers.ModelProviders;
import dev.antiphon.servers.NatsServer;
import dev.antiphon.testkit.FakeModelServer;
import dev.antiphon.testkit.OpenAiStream;
import dev.antiphon.worker.PlainPeers.PlainPod;

import io.nats.client.JetStreamSubscription;
import io.nats.client.Message;
import io.nats.client.PullSubscribeOptions;
import io.nats.client.Subscription;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import tools.jackson.databind.JsonNode;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// A worker with plain peers, on real servers.
final class WorkerTest {

    private static final Duration SOON = Duration.ofSeconds(20);

    private final List<Worker> workers = new ArrayList<>();
    private PlainPeers peers;

    @BeforeEach
    void startServers() throws Exception {
        peers = new PlainPeers();
    }

    @AfterEach
    void stopServers() throws Exception {
        workers.forEach(Worker::close);
        peers.close();
    }

    private Worker worker(String... more) throws InterruptedException {
        Map<String, String> environment = new HashMap<>(peers.environment());
        for (int i = 0; i < more.length; i += 2) {
            environment.put(more[i], more[i + 1]);
        }
        Worker worker = Worker.open(WorkerConfig.from(ModelProviders.environment(environment)));
        workers.add(worker);
        return worker;
    }

    private static void awaitComplete(PlainPod pod, String message) {
        await().atMost(SOON).until(() -> pod.complete(message));
    }

    @Test
    void aRequestIsAnsweredToEveryPodOfItsSession() throws Exception {
        worker();
        PlainPod one = peers.pod("pod-1", "sess_456");
        PlainPod two = peers.pod("pod-2", "sess_456");
        PlainPod other = peers.pod("pod-3", "sess_other");

        peers.publish(
                "sess_456",
                """
                {
                  "message_id": "msg_abc123",
                  "session_id": "sess_456",
                  "user_id": "user_789",
                  "message": "What is the weather today?",
                  "context": {
                    "ai_provider": "openai",
                    "model": "gpt-4"
                  },
                  "timestamp": "2025-11-18T20:30:00Z",
                  "correlation_id": "corr_xyz"
                }
                """);

        awaitComplete(one, "msg_abc123");
        awaitComplete(two, "msg_abc123");
        List<JsonNode> chunks = one.chunks("msg_abc123");
        assertThat(one.text("msg_abc123")).isEqualTo(demoAnswer("What is the weather today?"));
        assertThat(two.heard).isEqualTo(one.heard);
        assertThat(other.heard).isEmpty();
        assertThat(chunks)
                .extracting(chunk -> chunk.get("chunk_id").asInt())
                .isEqualTo(IntStream.range(0, chunks.size()).boxed().toList());
        JsonNode first = chunks.getFirst();
        assertThat(first.get("chunk").asString()).isEqualTo("I received your ");
        assertThat(first.get("session_id").asString()).isEqualTo("sess_456");
        assertThat(first.get("chunk_type").asString()).isEqualTo("content");
        assertThat(first.get("is_final").asBoolean()).isFalse();
        assertThat(first.get("correlation_id").asString()).isEqualTo("corr_xyz");
        assertThat(first.get("timestamp").asString()).matches("\\d{4}-.*T.*Z");
        assertThat(first.has("metadata")).isFalse();
        JsonNode last = chunks.getLast();
        assertThat(last.get("is_final").asBoolean()).isTrue();
        assertThat(last.get("metadata").get("model").asString()).isEqualTo("demo-gpt");
        assertThat(last.get("metadata").get("tokens_used").asInt()).isEqualTo(47);
        assertThat(last.get("metadata").get("finish_reason").asString()).isEqualTo("stop");
    }

    static Stream<String> everyKindOfText() {
        return Stream.of(
                "Hello, how are you?",
                "it's \"quoted\" and \\escaped\\",
                "first\r\nsecond\n\nfourth\rfifth\ttab",
                "emoji 👩‍👩‍👧‍👦 🏴󠁧󠁢󠁥󠁮󠁧󠁿 é e\u0301",
                "مرحبا بالعالم \u202E reversed שלום",
                "{\"role\":\"user\",\"content\":\"{\\\"nested\\\":[1,2]}\"}",
                "</script><script>alert(1)</script><img src=x onerror=alert(1)>",
                "  two  spaces   three    ",
                " ",
                "\u0000\u0001\u2028\u2029\ufeff",
                "data: x\n\nevent: chunk\nid: 1\n\n",
                "x".repeat(60 * 1024),
                "word ".repeat(12 * 1024));
    }

    @ParameterizedTest
    @MethodSource("everyKindOfText")
    void everyTextComesBackByteForByte(String text) throws Exception {
        worker();
        PlainPod pod = peers.pod("pod-1", "test");

        peers.ask("test", "m1", text);

        awaitComplete(pod, "m1");
        assertThat(pod.text("m1")).isEqualTo(demoAnswer(text));
    }

    @Test
    void aRequestWithOnlyTheRequiredFieldsGetsAMessageIdAndACorrelationId() throws Exception {
        worker();
        PlainPod pod = peers.pod("pod-1", "test");

        peers.publish("test", "{\"session_id\":\"test\",\"user_id\":\"u\",\"message\":\"hi\"}");

        await().atMost(SOON)
                .until(() ->
                        pod.heard.stream().anyMatch(chunk -> chunk.get("is_final").asBoolean()));
        String message = pod.heard.getFirst().get("message_id").asString();
        assertThat(message).matches("msg_1_[a-z0-9]+");
        assertThat(pod.text(message)).isEqualTo(demoAnswer("hi"));
        assertThat(pod.heard.getFirst().get("correlation_id").asString()).startsWith("corr_");
    }

    static Stream<Arguments> badRequests() {
        return Stream.of(
                Arguments.of("chat.workflow.execute.test", "not json", "malformed_json"),
                Arguments.of("chat.workflow.execute.test", "", "malformed_json"),
                Arguments.of("chat.workflow.execute.test", "[1]", "malformed_json"),
                Arguments.of(
                        "chat.workflow.execute.test",
                        "{\"session_id\":\"test\",\"user_id\":\"u\"}",
                        "missing_field"),
                Arguments.of(
                        "chat.workflow.execute.test",
                        "{\"session_id\":\"test\",\"user_id\":\"a b\",\"message\":\"hi\"}",
                        "invalid_id"),
                Arguments.of(
                        "chat.workflow.execute.other",
                        "{\"session_id\":\"test\",\"user_id\":\"u\",\"message\":\"hi\"}",
                        "invalid_field"),
                Arguments.of(
                        "chat.workflow.execute.te$st",
                        "{\"session_id\":\"test\",\"user_id\":\"u\",\"message\":\"hi\"}",
                        "invalid_id"),
                Arguments.of(
                        "chat.workflow.execute.test",
                        "{\"session_id\":\"test\",\"user_id\":\"u\",\"message\":\"hi\","
                                + "\"context\":{\"temperature\":\"hot\"}}",
                        "invalid_field"));
    }

    @ParameterizedTest
    @MethodSource("badRequests")
    void aBadRequestIsKeptInTheDeadLettersAndTheWorkerContinues(
            String subject, String body, String code) throws Exception {
        worker();
        PlainPod pod = peers.pod("pod-1", "test");

        peers.nats.publish(subject, body.getBytes(java.nio.charset.StandardCharsets.UTF_8));
        peers.ask("test", "after", "still there?");

        awaitComplete(pod, "after");
        Message letter = deadLetter();
        assertThat(letter.getSubject()).startsWith("chat.deadletter." + code);
        assertThat(new String(letter.getData(), java.nio.charset.StandardCharsets.UTF_8))
                .isEqualTo(body);
        assertThat(letter.getHeaders().getFirst("Antiphon-Reason")).isNotEmpty();
        assertThat(letter.getHeaders().getFirst("Antiphon-Subject")).isEqualTo(subject);
    }

    @Test
    void aRequestForSomeoneElsesSessionGoesToTheDeadLettersAndEndsInOneErrorChunk()
            throws Exception {
        worker();
        PlainPod pod = peers.pod("pod-1", "test");
        peers.ask("test", "m1", "mine");
        awaitComplete(pod, "m1");

        peers.publish(
                "test",
                "{\"message_id\":\"m2\",\"session_id\":\"test\",\"user_id\":\"thief\",\"message\":\"yours?\"}");

        awaitComplete(pod, "m2");
        JsonNode chunk = pod.chunks("m2").getFirst();
        assertThat(pod.chunks("m2")).hasSize(1);
        assertThat(chunk.get("chunk_type").asString()).isEqualTo("error");
        assertThat(chunk.get("chunk").asString()).isEmpty();
        assertThat(chunk.get("error").get("code").asString()).isEqualTo("foreign_session");
        assertThat(chunk.get("metadata").get("finish_reason").asString()).isEqualTo("error");
        assertThat(deadLetter().getSubject()).isEqualTo("chat.deadletter.foreign_session.test");
    }

    private Message deadLetter() throws Exception {
        JetStreamSubscription letters =
                peers.nats
                        .jetStream()
                        .subscribe(
                                "chat.deadletter.>",
                                PullSubscribeOptions.builder().stream("CHAT_DEAD_LETTERS").build());
        return letters.fetch(1, SOON).getFirst();
    }

    @Test
    void messagesOfOneSessionAreAnsweredInOrderWhicheverWorkerGetsThem() throws Exception {
        worker();
        worker();
        PlainPod pod = peers.pod("pod-1", "test");

        for (int i = 0; i < 10; i++) {
            peers.ask("test", "m" + i, "question " + i);
        }

        IntStream.range(0, 10).forEach(i -> awaitComplete(pod, "m" + i));
        // In the order of the log: two workers' rings can overtake each other on their way to
        // a pod.
        assertThat(
                        pod.heard.stream()
                                .sorted(Comparator.comparingLong(PlainPod::number))
                                .map(chunk -> chunk.get("message_id").asString())
                                .distinct())
                .isEqualTo(IntStream.range(0, 10).mapToObj(i -> "m" + i).toList());
        IntStream.range(0, 10)
                .forEach(i -> assertThat(pod.text("m" + i)).isEqualTo(demoAnswer("question " + i)));
    }

    @Test
    void requestsBeyondTheConcurrencyLimitWaitInJetStream() throws Exception {
        CountDownLatch counted = new CountDownLatch(1);
        try (FakeModelServer model =
                new FakeModelServer(exchange -> {
                    exchange.open().send(OpenAiStream.role() + OpenAiStream.text("a"));
                    awaitOpen(counted);
                    exchange.send(OpenAiStream.answer("b")).end();
                })) {
            worker("CHAT_WORKFLOW_CONCURRENCY", "2", "OPENAI_BASE_URL", model.baseUrl());
            List<PlainPod> pods =
                    IntStream.range(0, 6)
                            .mapToObj(i -> peers.pod("pod-" + i, "session-" + i))
                            .toList();

            for (int i = 0; i < 6; i++) {
                peers.ask("session-" + i, "m", "question");
            }

            await().atMost(SOON)
                    .until(() ->
                            peers.stored() == 6
                                    && pods.stream().filter(pod -> !pod.heard.isEmpty()).count()
                                            == 2);
            var queue =
                    peers.nats
                            .jetStreamManagement()
                            .getConsumerInfo("CHAT_WORKFLOW", "workflow-workers");
            assertThat(queue.getNumAckPending()).isEqualTo(2);
            assertThat(queue.getNumPending()).isEqualTo(4);
            counted.countDown();
            pods.forEach(pod -> awaitComplete(pod, "m"));
        }
    }

    private static void awaitOpen(CountDownLatch latch) {
        try {
            latch.await(SOON.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void aRequestWaitsForTheFirstWorker() throws Exception {
        worker().close();
        PlainPod pod = peers.pod("pod-1", "test");
        peers.ask("test", "m1", "anybody?");

        worker();

        awaitComplete(pod, "m1");
        assertThat(pod.text("m1")).isEqualTo(demoAnswer("anybody?"));
    }

    @Test
    void aStoppedWorkersAnswerIsContinuedByAnotherWithoutGapOrDouble() throws Exception {
        Worker first = worker("CHAT_DEMO_DELAY", "100ms");
        PlainPod pod = peers.pod("pod-1", "test");
        peers.ask("test", "m1", "to be continued");
        await().atMost(SOON).until(() -> pod.chunks("m1").size() >= 3);

        worker();
        first.close();
        Instant closed = Instant.now();

        awaitComplete(pod, "m1");
        assertThat(Duration.between(closed, Instant.now())).isLessThan(Duration.ofSeconds(8));
        assertThat(pod.text("m1")).isEqualTo(demoAnswer("to be continued"));
        assertThat(pod.chunks("m1"))
                .extracting(chunk -> chunk.get("chunk_id").asInt())
                .isEqualTo(IntStream.range(0, pod.chunks("m1").size()).boxed().toList());
    }

    @Test
    void aStoppedWorkerLetsItsAnswerEndAndGivesTheSessionsNextMessageAway() throws Exception {
        Worker first = worker("CHAT_DEMO_DELAY", "200ms", "CHAT_WORKER_GRACE", "1m");
        PlainPod pod = peers.pod("pod-1", "test");
        peers.ask("test", "m1", "hi");
        await().atMost(SOON).until(() -> pod.chunks("m1").size() >= 2);
        peers.ask("test", "m2", "next");
        Worker second = worker();

        first.close();

        assertThat(first.counters().of(Count.RELEASED)).isZero();
        awaitComplete(pod, "m1");
        awaitComplete(pod, "m2");
        assertThat(pod.text("m1")).isEqualTo(demoAnswer("hi"));
        assertThat(pod.text("m2")).isEqualTo(demoAnswer("next"));
        assertThat(second.counters().of(Count.TAKEN_OVER)).isZero();
        assertThat(second.counters().begun()).isEqualTo(1);
    }

    @Test
    void aGraceIsAtMostTenMinutes() {
        assertThatThrownBy(() -> worker("CHAT_WORKER_GRACE", "11m"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("CHAT_WORKER_GRACE must be at most 10m");
    }

    @Test
    void aKnownMessageIdWithAnotherBodyGoesToTheDeadLettersAndTheSameBodyDoesNot()
            throws Exception {
        worker();
        PlainPod pod = peers.pod("pod-1", "test");
        peers.ask("test", "m1", "hi");
        awaitComplete(pod, "m1");

        peers.ask("test", "m1", "hi");
        peers.ask("test", "m1", "something else");

        Message letter = deadLetter();
        assertThat(letter.getSubject()).isEqualTo("chat.deadletter.message_conflict.test");
        assertThat(new String(letter.getData(), java.nio.charset.StandardCharsets.UTF_8))
                .contains("something else");
        assertThat(pod.chunks("m1").stream().filter(chunk -> chunk.get("is_final").asBoolean()))
                .hasSize(1);
    }

    @Test
    @SuppressWarnings("try") // if closing is interrupted, the test has failed already
    void withoutJetStreamReceivedRequestsAreAnsweredAndInvalidOnesReported() throws Exception {
        try (PlainPeers plain = new PlainPeers(NatsServer.Options.temporary().withoutJetStream());
                Worker _ =
                        Worker.open(
                                WorkerConfig.from(
                                        ModelProviders.environment(plain.environment())))) {
            PlainPod pod = plain.pod("pod-1", "test");
            Subscription letters = plain.nats.subscribe("chat.deadletter.>");

            await().atMost(Duration.ofSeconds(30))
                    .until(() -> {
                        plain.ask("test", "m1", "hi"); // until it listens
                        return pod.complete("m1");
                    });
            plain.publish("test", "{");

            assertThat(pod.text("m1")).isEqualTo(demoAnswer("hi"));
            assertThat(letters.nextMessage(Duration.ofSeconds(30)).getSubject())
                    .isEqualTo("chat.deadletter.malformed_json.test");
        }
    }
}
