package dev.antiphon.worker;

import static dev.antiphon.api.workflow.StepGraph.END;
import static dev.antiphon.api.workflow.StepGraph.START;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.antiphon.api.workflow.StepGraph;
import dev.antiphon.api.workflow.Workflow;
import dev.antiphon.backplane.log.Resume;
import dev.antiphon.backplane.log.UserAnswer;
import dev.antiphon.engine.workflow.ChatWorkflow;
import dev.antiphon.protocol.Json;
import dev.antiphon.providers.DemoProvider;
import dev.antiphon.time.Time;
import dev.antiphon.tools.ToolSelection;
import dev.antiphon.tools.Tools;
import dev.antiphon.worker.PlainPeers.PlainPod;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import tools.jackson.databind.JsonNode;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/// Runs that stop, wait and continue at another worker, on real servers. The tester's `WorkflowTest` has the tests that
/// need no servers.
final class HandoverTest {

    private static final Duration SOON = Duration.ofSeconds(30);

    private final List<AutoCloseable> opened = new ArrayList<>();
    private final AtomicInteger firstStep = new AtomicInteger();
    private final CountDownLatch inRightStep = new CountDownLatch(1);
    private volatile boolean hangs;
    private PlainPeers peers;
    private PlainPod pod;

    @BeforeEach
    void startServers() throws Exception {
        peers = new PlainPeers();
        opened.add(peers);
        pod = peers.pod("pod-1", "s1");
    }

    @AfterEach
    void stopServers() throws Exception {
        for (AutoCloseable each : opened.reversed()) {
            each.close();
        }
    }

    private record Named(String name, StepGraph graph) implements Workflow {
        @Override
        public String description() {
            return "for a test";
        }
    }

    private List<Workflow> workflows() {
        return List.of(new ChatWorkflow(), new Named("forks", forks()), new Named("asks", asks()));
    }

    /// Two parallel steps, of which one can hang.
    private StepGraph forks() {
        return new StepGraph()
                .step(
                        "left",
                        (_, run) -> {
                            run.say("l");
                            return Map.of();
                        })
                .step(
                        "right",
                        (_, run) -> {
                            if (hangs) {
                                inRightStep.countDown();
                                new CountDownLatch(1).await();
                            }
                            run.say("r");
                            return Map.of();
                        })
                .step("join", (_, _) -> Map.of())
                .edge(START, "left")
                .edge(START, "right")
                .edge("left", "join")
                .edge("right", "join")
                .edge("join", END);
    }

    private StepGraph asks() {
        return new StepGraph()
                .step(
                        "prepare",
                        (_, run) -> {
                            firstStep.incrementAndGet();
                            run.say("Before. ");
                            return Map.of();
                        })
                .step(
                        "ask",
                        (_, run) -> {
                            String colour = run.ask("Colour?");
                            String size = run.ask("Size?");
                            run.say(colour + " " + size);
                            return Map.of();
                        })
                .edge(START, "prepare")
                .edge("prepare", "ask")
                .edge("ask", END);
    }

    private AutoCloseable worker() throws InterruptedException {
        return RunWorker.open(
                peers.environment(),
                List.of(new DemoProvider(Duration.ZERO, 3, Time.system())),
                workflows(),
                new Tools(List.of(), ToolSelection.ALL));
    }

    private AutoCloseable kept(AutoCloseable worker) {
        opened.add(worker);
        return worker;
    }

    private void ask(String message, String workflow) {
        peers.publish(
                "s1",
                Json.object()
                        .put("message_id", message)
                        .put("session_id", "s1")
                        .put("user_id", "u1")
                        .put("message", "hi")
                        .set("context", Json.object().put("workflow", workflow))
                        .toString());
    }

    private void awaitComplete(String message) {
        await().atMost(SOON).until(() -> pod.complete(message));
    }

    private List<String> statuses(String message) {
        return pod.chunks(message).stream()
                .filter(chunk -> chunk.get("chunk_type").asString().equals("status"))
                .map(chunk -> chunk.get("metadata").get("status").asString())
                .toList();
    }

    private Resume resume(String message, String answer) throws InterruptedException {
        return resume(message, new UserAnswer(answer, null));
    }

    private Resume resume(String message, UserAnswer answer) throws InterruptedException {
        return Resuming.resume(peers.environment(), "u1", "s1", message, answer);
    }

    @Test
    void parallelStepsAreHandedOverWhenTheirWorkerStops() throws Exception {
        hangs = true;
        AutoCloseable first = worker();
        ask("m1", "forks");
        assertThat(inRightStep.await(20, TimeUnit.SECONDS)).isTrue();
        await().atMost(SOON).until(() -> pod.text("m1").equals("l"));
        hangs = false;
        first.close();

        kept(worker());

        awaitComplete("m1");
        assertThat(pod.chunks("m1")).noneMatch(chunk -> chunk.has("error"));
        assertThat(peers.redis.sync().hget("chat:run:s1:m1", "attempts")).isEqualTo("1");
    }

    @Test
    void aRunWaitsForItsUserWithoutAWorkerAndContinuesAtAnother() throws Exception {
        AutoCloseable first = worker();
        ask("m1", "asks");
        await().atMost(SOON).until(() -> statuses("m1").contains("interrupt"));
        JsonNode asked =
                pod.chunks("m1").stream()
                        .filter(chunk -> chunk.path("metadata").has("interrupt"))
                        .findFirst()
                        .orElseThrow();
        assertThat(asked.get("metadata").get("interrupt").get("question").asString())
                .isEqualTo("Colour?");
        // Neither a claim nor, once acked, the queue holds it.
        assertThat(peers.redis.sync().hget("chat:run:s1:m1", "status")).isEqualTo("parked");
        assertThat(peers.redis.sync().hget("chat:meta:s1", "worker")).isEmpty();
        await().atMost(SOON).until(() -> peers.stored() == 0);
        first.close();

        assertThat(resume("m1", "green")).isInstanceOf(Resume.Resumed.class);
        AutoCloseable second = worker();
        await().atMost(SOON)
                .until(() -> statuses("m1").stream().filter("interrupt"::equals).count() == 2);
        second.close();
        // The first answer again, from a second click: it does not count as an answer to the
        // next question.
        int colour = asked.get("chunk_id").asInt();
        assertThat(resume("m1", new UserAnswer("green", colour)))
                .isInstanceOf(Resume.Resumed.class);
        assertThat(resume("m1", new UserAnswer("red", colour)))
                .isInstanceOf(Resume.NotWaiting.class);
        assertThat(peers.redis.sync().hget("chat:run:s1:m1", "status")).isEqualTo("parked");
        assertThat(resume("m1", "large")).isInstanceOf(Resume.Resumed.class);
        kept(worker());

        awaitComplete("m1");
        assertThat(pod.text("m1")).isEqualTo("Before. green large");
        assertThat(firstStep).hasValue(1);
        assertThat(resume("m1", "other")).isInstanceOf(Resume.NotWaiting.class);
    }

    @Test
    void messagesBehindAParkedOneWaitForTheirTurn() throws Exception {
        kept(worker());
        ask("m1", "asks");
        await().atMost(SOON).until(() -> statuses("m1").contains("interrupt"));

        ask("m2", "chat");
        resume("m1", "green");
        await().atMost(SOON)
                .until(() -> statuses("m1").stream().filter("interrupt"::equals).count() == 2);
        assertThat(pod.chunks("m2")).isEmpty();
        resume("m1", "large");

        awaitComplete("m1");
        awaitComplete("m2");
    }
}
