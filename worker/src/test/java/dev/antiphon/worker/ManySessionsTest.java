package dev.antiphon.worker;

import static dev.antiphon.worker.CrowdWorkflow.WORDS;
import static dev.antiphon.worker.CrowdWorkflow.word;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.Json;
import dev.antiphon.providers.ModelProviders;
import dev.antiphon.testkit.FakeModelServer;
import dev.antiphon.testkit.FakeModelServer.Exchange;
import dev.antiphon.testkit.Wire;
import dev.antiphon.testkit.Wire.Reason;
import dev.antiphon.worker.PlainPeers.PlainPod;
import dev.antiphon.worker.extension.Jar;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.JsonNode;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Many sessions with several workflows on two workers, all at the same time.
final class ManySessionsTest {

    private static final Duration IN_TIME = Duration.ofMinutes(1);
    private static final int SESSIONS = 24;
    private static final List<String> WORKFLOWS = List.of("words", "choir", "chat");

    private final Wire wire = Wire.all().findFirst().orElseThrow();
    private final List<AutoCloseable> opened = new ArrayList<>();

    /// The sessions that have called their model; none is answered before all have.
    private final Map<String, Boolean> begun = new ConcurrentHashMap<>();

    private final CountDownLatch allBegun = new CountDownLatch(SESSIONS);

    /// Two branches of a session can only continue together.
    private final Map<String, CyclicBarrier> middles = new ConcurrentHashMap<>();

    @TempDir Path folder;

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable each : opened.reversed()) {
            each.close();
        }
    }

    private <T extends AutoCloseable> T closing(T resource) {
        opened.add(resource);
        return resource;
    }

    /// Writes so many words for the session and part that the last message names.
    private void answer(Exchange exchange) throws IOException {
        JsonNode messages = exchange.request().body().get("messages");
        String name = messages.get(messages.size() - 1).get("content").asString();
        int dot = name.indexOf('.');
        String session = name.substring(0, dot);
        String part = name.substring(dot + 1);
        if (begun.putIfAbsent(session, true) == null) {
            allBegun.countDown();
        }
        exchange.open(wire.contentType()).send(wire.begin());
        meet(() -> assertThat(allBegun.await(60, TimeUnit.SECONDS)).isTrue());
        for (int word = 0; word < WORDS; word++) {
            if (word == WORDS / 2 && (part.equals("left") || part.equals("right"))) {
                meet(() ->
                        middles.computeIfAbsent(session, _ -> new CyclicBarrier(2))
                                .await(60, TimeUnit.SECONDS));
            }
            exchange.send(wire.text(word(session, part, word)));
        }
        exchange.send(wire.end(Reason.STOP, WORDS)).end();
    }

    private interface Meeting {
        void await() throws InterruptedException, BrokenBarrierException, TimeoutException;
    }

    private static void meet(Meeting meeting) throws IOException {
        try {
            meeting.await();
        } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
            throw new IOException(e);
        }
    }

    private static String workflow(int session) {
        return WORKFLOWS.get(session % WORKFLOWS.size());
    }

    /// The parts that the session's answer has.
    private static List<String> parts(String workflow) {
        return switch (workflow) {
            case "words" -> List.of("own");
            case "choir" -> List.of("left", "own", "right");
            default -> List.of(workflow);
        };
    }

    @Test
    void theTextOfManyWorkflowsReachesEveryPodInTheSameOrder() throws Exception {
        PlainPeers peers = closing(new PlainPeers());
        FakeModelServer model = closing(new FakeModelServer(this::answer));
        CrowdWorkflow.into(new Jar()).into(folder.resolve("steps.jar"));
        Map<String, String> environment = new HashMap<>(peers.environment());
        environment.putAll(wire.environment(model.url()));
        environment.put("CHAT_EXTENSIONS", folder.toString());
        // Each worker can have half of them, and all run at once.
        environment.put("CHAT_WORKFLOW_CONCURRENCY", String.valueOf(SESSIONS / 2));
        closing(Worker.open(WorkerConfig.from(ModelProviders.environment(environment))));
        closing(Worker.open(WorkerConfig.from(ModelProviders.environment(environment))));
        PlainPod one = peers.pod("pod-1", "s0");
        PlainPod other = peers.pod("pod-2", "s0");

        for (int session = 0; session < SESSIONS; session++) {
            ask(peers, "s" + session, workflow(session));
        }

        await().atMost(IN_TIME)
                .until(() ->
                        Stream.of(one, other)
                                .allMatch(pod ->
                                        pod.heard.stream()
                                                        .filter(chunk ->
                                                                chunk.get("is_final").asBoolean())
                                                        .count()
                                                == SESSIONS));
        for (int session = 0; session < SESSIONS; session++) {
            String id = "s" + session;
            List<JsonNode> chunks = chunks(one, id);
            assertThat(chunks(other, id)).isEqualTo(chunks);
            assertThat(chunks)
                    .extracting(chunk -> chunk.get("chunk_id").asInt())
                    .isEqualTo(IntStream.range(0, chunks.size()).boxed().toList());
            assertThat(chunks)
                    .extracting(chunk -> chunk.get("chunk_type").asString())
                    .containsOnly("content");
            LoggedAnswer logged = LoggedAnswer.of(peers, id);
            assertThat(logged.bodies(ChunkBody.Content.class))
                    .extracting(ChunkBody.Content::text)
                    .isEqualTo(
                            chunks.stream().map(chunk -> chunk.get("chunk").asString()).toList());
            assertThat(logged.events())
                    .endsWith("message_complete")
                    .containsOnlyOnce("message_complete");
            assertWords(id, parts(workflow(session)), logged.text());
        }
    }

    private static void ask(PlainPeers peers, String session, String workflow) {
        peers.redis.sync().sadd("session:connections:" + session, "pod-1:conn-1", "pod-2:conn-1");
        peers.publish(
                session,
                Json.object()
                        .put("message_id", "m-" + session)
                        .put("session_id", session)
                        .put("user_id", "u1")
                        .put("message", session + "." + workflow)
                        .set("context", Json.object().put("workflow", workflow))
                        .toString());
    }

    private static List<JsonNode> chunks(PlainPod pod, String session) {
        return pod.heard.stream()
                .filter(chunk -> chunk.get("session_id").asString().equals(session))
                .toList();
    }

    /// Every word of every part once, each part's words in order, and nothing else.
    private static void assertWords(String session, List<String> parts, String text) {
        List<String> words = text.lines().flatMap(line -> Stream.of(line.split(" ", -1))).toList();
        for (String part : parts) {
            String prefix = session + "." + part + ".";
            assertThat(words.stream().filter(word -> word.startsWith(prefix)))
                    .isEqualTo(
                            IntStream.range(0, WORDS)
                                    .mapToObj(number -> word(session, part, number).strip())
                                    .toList());
        }
        assertThat(words.stream().filter(word -> !word.isEmpty())).hasSize(parts.size() * WORDS);
    }
}
