package dev.antiphon.worker;

import static dev.antiphon.api.workflow.StepGraph.END;
import static dev.antiphon.api.workflow.StepGraph.START;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.antiphon.api.model.ToolCall;
import dev.antiphon.api.tool.Tool;
import dev.antiphon.api.tool.ToolContext;
import dev.antiphon.api.workflow.StepGraph;
import dev.antiphon.api.workflow.Workflow;
import dev.antiphon.backplane.log.Resume;
import dev.antiphon.backplane.log.UserAnswer;
import dev.antiphon.engine.workflow.ChatWorkflow;
import dev.antiphon.engine.workflow.Workflows;
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
import tools.jackson.databind.node.ObjectNode;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/// A developer's workflows, run by workers that come and go, on real servers.
final class WorkflowTest {

    private static final Duration SOON = Duration.ofSeconds(30);

    private final List<AutoCloseable> opened = new ArrayList<>();
    private final AtomicInteger firstStep = new AtomicInteger();
    private final AtomicInteger sideEffects = new AtomicInteger();
    private final CountDownLatch inSecondStep = new CountDownLatch(1);
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

    /// A graph by its name.
    private interface Drawing {
        StepGraph draw();
    }

    private record Named(String name, Drawing drawing) implements Workflow {
        @Override
        public String description() {
            return "for a test";
        }

        @Override
        public StepGraph graph() {
            return drawing.draw();
        }
    }

    private List<Workflow> workflows() {
        return List.of(
                new ChatWorkflow(),
                new Named("two-steps", this::twoSteps),
                new Named("beside", WorkflowTest::beside),
                new Named("forks", this::forks),
                new Named("round", WorkflowTest::round),
                new Named("asks", this::asks),
                new Named("launches", this::launches));
    }

    /// The first step counts how often it runs; the second writes a word and can hang then.
    private StepGraph twoSteps() {
        return new StepGraph()
                .step(
                        "first",
                        (_, run) -> {
                            run.say("first " + firstStep.incrementAndGet() + ", ");
                            return Map.of("word", "second", "list", List.of(1, 2));
                        })
                .step(
                        "second",
                        (state, run) -> {
                            run.say(state.get("word", String.class).orElseThrow());
                            run.say(state.list("list", Integer.class).toString());
                            if (hangs) {
                                inSecondStep.countDown();
                                new CountDownLatch(1).await();
                            }
                            run.say(" done");
                            return Map.of();
                        })
                .edge(START, "first")
                .edge("first", "second")
                .edge("second", END);
    }

    /// Two steps that can only finish when they run at the same time.
    private static StepGraph beside() {
        CyclicBarrier both = new CyclicBarrier(2);
        return new StepGraph()
                .step(
                        "left",
                        (_, run) -> {
                            both.await(20, TimeUnit.SECONDS);
                            run.say("l");
                            return Map.of("left", 1);
                        })
                .step(
                        "right",
                        (_, run) -> {
                            both.await(20, TimeUnit.SECONDS);
                            run.say("r");
                            return Map.of("right", 2);
                        })
                .step(
                        "join",
                        (state, run) -> {
                            run.say(
                                    "="
                                            + (state.get("left", Integer.class).orElseThrow()
                                                    + state.get("right", Integer.class)
                                                            .orElseThrow()));
                            return Map.of();
                        })
                .edge(START, "left")
                .edge(START, "right")
                .edge("left", "join")
                .edge("right", "join")
                .edge("join", END);
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
                                inSecondStep.countDown();
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

    private static StepGraph round() {
        return new StepGraph()
                .step("again", (_, _) -> Map.of())
                .edge(START, "again")
                .route("again", _ -> "again", "again", END);
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

    /// Launches twice under one id, each time only when the user approves it, and can hang after that.
    private StepGraph launches() {
        return new StepGraph()
                .step(
                        "launch",
                        (_, run) -> {
                            String first = run.call(new ToolCall("c1", "launch", "{}")).text();
                            if (hangs) {
                                inSecondStep.countDown();
                                new CountDownLatch(1).await();
                            }
                            String second = run.call(new ToolCall("c1", "launch", "{}")).text();
                            run.say(first + ", " + second);
                            return Map.of();
                        })
                .edge(START, "launch")
                .edge("launch", END);
    }

    /// Counts its calls; the model does not decide, because the test calls it through a workflow.
    private final class Launch implements Tool {
        @Override
        public String name() {
            return "launch";
        }

        @Override
        public String description() {
            return "has an effect";
        }

        @Override
        public ObjectNode parameters() {
            return Json.object().put("type", "object");
        }

        @Override
        public boolean idempotent() {
            return false;
        }

        @Override
        public String call(ObjectNode arguments, ToolContext context) {
            return "launched " + sideEffects.incrementAndGet();
        }
    }

    private AutoCloseable worker() throws InterruptedException {
        return RunWorker.open(
                peers.environment(),
                List.of(new DemoProvider(Duration.ZERO, 3, Time.system())),
                workflows(),
                new Tools(List.of(new Launch()), ToolSelection.ALL));
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
    void aFinishedStepIsNotRunAgainByTheNextWorker() throws Exception {
        hangs = true;
        AutoCloseable first = worker();
        ask("m1", "two-steps");
        assertThat(inSecondStep.await(20, TimeUnit.SECONDS)).isTrue();
        await().atMost(SOON).until(() -> pod.text("m1").endsWith("[1, 2]"));
        hangs = false;
        first.close();

        kept(worker());

        awaitComplete("m1");
        assertThat(pod.text("m1")).isEqualTo("first 1, second[1, 2] done");
        assertThat(firstStep).hasValue(1);
        // The second step's text remains, because it writes the same text again.
        assertThat(pod.chunks("m1")).noneMatch(WorkflowTest::isReset);
    }

    private static boolean isReset(JsonNode chunk) {
        return chunk.get("chunk_type").asString().equals("reset");
    }

    @Test
    void parallelStepsWriteIntoOneAnswer() throws Exception {
        kept(worker());

        ask("m1", "beside");

        awaitComplete("m1");
        assertThat(pod.text("m1")).isIn("lr=3", "rl=3");
    }

    @Test
    void parallelStepsAreHandedOverWhenTheirWorkerStops() throws Exception {
        hangs = true;
        AutoCloseable first = worker();
        ask("m1", "forks");
        assertThat(inSecondStep.await(20, TimeUnit.SECONDS)).isTrue();
        await().atMost(SOON).until(() -> pod.text("m1").equals("l"));
        hangs = false;
        first.close();

        kept(worker());

        awaitComplete("m1");
        assertThat(pod.chunks("m1")).noneMatch(chunk -> chunk.has("error"));
        assertThat(peers.redis.sync().hget("chat:run:s1:m1", "attempts")).isEqualTo("1");
    }

    @Test
    void anEndlessGraphIsStopped() throws Exception {
        kept(worker());

        ask("m1", "round");

        awaitComplete("m1");
        assertThat(pod.chunks("m1").getLast().get("error").get("code").asString())
                .isEqualTo("too_many_steps");
    }

    @Test
    void anUnknownWorkflowIsOneClearError() throws Exception {
        kept(worker());

        ask("m1", "nothing");

        awaitComplete("m1");
        JsonNode error = pod.chunks("m1").getLast().get("error");
        assertThat(error.get("code").asString()).isEqualTo("workflow_not_found");
        assertThat(error.get("message").asString()).contains("two-steps");
    }

    @Test
    void theDefaultIsWhatIsPreferredAndMustBeThere() throws Exception {
        assertThat(new Workflows(workflows(), null, 20).choose(null).name()).isEqualTo("chat");
        assertThat(new Workflows(workflows(), "asks", 20).choose(null).name()).isEqualTo("asks");
        assertThat(new Workflows(workflows(), "asks", 20).choose("chat").name()).isEqualTo("chat");
        assertThatThrownBy(() -> new Workflows(workflows(), "ask", 20))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("CHAT_DEFAULT_WORKFLOW names 'ask'");
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
    void aToolRunsWhenItsUserAllowsItAndOnceWhateverDies() throws Exception {
        hangs = true;
        AutoCloseable first = worker();
        ask("m1", "launches");
        await().atMost(SOON).until(() -> statuses("m1").contains("interrupt"));
        assertThat(sideEffects).hasValue(0);
        resume("m1", "approve");
        assertThat(inSecondStep.await(20, TimeUnit.SECONDS)).isTrue();
        hangs = false;
        first.close();
        kept(worker());
        await().atMost(SOON)
                .until(() -> statuses("m1").stream().filter("interrupt"::equals).count() == 2);

        resume("m1", "no, thank you");

        awaitComplete("m1");
        assertThat(pod.text("m1")).isEqualTo("launched 1, the user did not allow it.");
        assertThat(sideEffects).hasValue(1);
        assertThat(
                        pod.chunks("m1").stream()
                                .filter(chunk ->
                                        chunk.get("chunk_type").asString().equals("tool_result")))
                .hasSize(2);
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

    @Test
    void theDemoSpeaksThroughTheSameGraph() throws Exception {
        kept(worker());

        ask("m1", "chat");

        awaitComplete("m1");
        assertThat(pod.text("m1")).startsWith("I received your message: 'hi' This is a demo");
        assertThat(peers.redis.sync().hget("chat:run:s1:m1", "checkpoint"))
                .contains("\"step\":\"format_response\"", "\"kind\":\"CHAT\"");
    }
}
