package dev.antiphon.worker;

import static dev.antiphon.worker.PlainPeers.demoAnswer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.SoftAssertions.assertSoftly;
import static org.awaitility.Awaitility.await;

import static java.util.Objects.requireNonNull;

import dev.antiphon.backplane.Backplane;
import dev.antiphon.backplane.log.Resume;
import dev.antiphon.backplane.log.UserAnswer;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.providers.ModelProviders;
import dev.antiphon.testkit.FakeModelServer;
import dev.antiphon.testkit.FakeModelServer.Exchange;
import dev.antiphon.testkit.Wire;
import dev.antiphon.testkit.Wire.Reason;
import dev.antiphon.worker.PlainPeers.PlainPod;
import dev.antiphon.worker.extension.Jar;

import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;

/// A worker process is killed while each session is in another kind of step, and another process takes over
/// all sessions.
final class KilledStepTest {

    private static final Duration IN_TIME = Duration.ofMinutes(1);

    /// The text of the branch that finishes.
    private static final String LEFT = "Left. ";

    private static final String HALF = "Half an ans";
    private static final String WHOLE = "Half an answer, then all.";
    private static final String UNKNOWN =
            "Whether the tool fire had its effect is unknown: a worker died during the call;"
                    + " it was not called again.";

    /// The step that one session is in.
    ///
    /// @param name of its session, and its question
    /// @param middle the text so far when the worker is killed
    /// @param text of the whole answer
    /// @param resets how often text is withdrawn
    /// @param asked how often both workers call the model
    private record Kind(
            String name, String workflow, String middle, String text, int resets, int asked) {}

    private static final List<Kind> KINDS =
            List.of(
                    // A step's own text: the same again, another, less.
                    new Kind("half", "half", "First. Half ", "First. Half done. ", 0, 0),
                    new Kind(
                            "other",
                            "other",
                            "First. By the first. ",
                            "First. By the second. ",
                            1,
                            0),
                    new Kind("less", "less", "First. Too much.", "First. ", 1, 0),
                    // A model call: streamed, not begun, not shown.
                    new Kind(
                            "streams",
                            "streams",
                            "First. Model: " + HALF,
                            "First. Model: " + WHOLE,
                            1,
                            2),
                    new Kind("before", "before", "First. Model: ", "First. Model: " + WHOLE, 0, 1),
                    new Kind(
                            "thinks",
                            "thinks",
                            "First. Thought: ",
                            "First. Thought: " + WHOLE,
                            0,
                            2),
                    new Kind(
                            "demo",
                            "demo",
                            demoAnswer("demo") + "Half ",
                            demoAnswer("demo") + "Half done. ",
                            0,
                            0),
                    // A tool: not repeatable, repeatable, already called.
                    new Kind("fires", "fires", "", WHOLE, 0, 1),
                    new Kind("looks", "looks", "", WHOLE, 0, 1),
                    new Kind("recorded", "recorded", "", WHOLE, 0, 1),
                    // The user.
                    new Kind("asks", "asks", "First. ", "First. green", 0, 0),
                    // The default workflow: during a tool, after one of two, in the model's
                    // second turn.
                    new Kind("chat", "chat", "Let me see. ", "Let me see. " + WHOLE, 0, 2),
                    new Kind("chat-two", "chat", "Let me see. ", "Let me see. " + WHOLE, 0, 2),
                    new Kind(
                            "chat-again",
                            "chat",
                            "Let me see. " + HALF,
                            "Let me see. " + WHOLE,
                            1,
                            3));

    /// Parallel steps, of which one has finished: their order depends on the machine.
    private static final List<String> FORKS = List.of("branches", "beside");

    private final Wire wire = Wire.all().findFirst().orElseThrow();
    private final List<AutoCloseable> opened = new ArrayList<>();
    private final Map<String, PlainPod> pods = new HashMap<>();

    /// The calls of the model, by session.
    private final Map<String, List<String>> asked = new ConcurrentHashMap<>();

    private final Set<String> stalled = ConcurrentHashMap.newKeySet();
    @TempDir Path folder;
    private PlainPeers peers;
    private Ledger ledger;

    @BeforeEach
    void startServers() throws Exception {
        peers = closing(new PlainPeers());
        ledger = new Ledger(folder.resolve("ledger"));
    }

    @AfterEach
    void stopServers() throws Exception {
        for (AutoCloseable each : opened.reversed()) {
            each.close();
        }
    }

    private <T extends AutoCloseable> T closing(T resource) {
        opened.add(resource);
        return resource;
    }

    private Map<String, String> environment(FakeModelServer model) throws IOException {
        Path extensions = Files.createDirectories(folder.resolve("extensions"));
        HangingTool.into(HangingWorkflow.into(new Jar())).into(extensions.resolve("steps.jar"));
        Map<String, String> environment = new HashMap<>(peers.environment());
        environment.putAll(wire.environment(model.url()));
        environment.put("CHAT_EXTENSIONS", extensions.toString());
        environment.put("CHAT_TOOLS", "fire,look");
        // A hanging step hangs until it is killed.
        environment.put("CHAT_TOOL_TIMEOUT", "10m");
        environment.put("CHAT_MODEL_FIRST_TOKEN_TIMEOUT", "5m");
        environment.put("CHAT_MODEL_IDLE_TIMEOUT", "5m");
        environment.put(Ledger.FILE, folder.resolve("ledger").toString());
        return environment;
    }

    /// Half an answer for the first call, a whole one for the others.
    private void answer(Exchange exchange) throws IOException {
        String session =
                wire.asked(exchange.request())
                        .system(); // the first message: there is no instruction
        List<String> before = asked.computeIfAbsent(session, _ -> new CopyOnWriteArrayList<>());
        before.add(exchange.request().body().toString());
        exchange.open(wire.contentType()).send(wire.begin());
        if (session.startsWith("chat") && before.size() == 1) {
            exchange.send(wire.text("Let me see. ") + calls(session) + wire.end(Reason.TOOLS, 1))
                    .end();
            return;
        }
        if (session.endsWith("-left")) {
            exchange.send(wire.text(LEFT) + wire.end(Reason.STOP, 1)).end();
            return;
        }
        exchange.send(wire.text(HALF));
        if (before.size() == stallAt(session)) {
            stalled.add(session);
            exchange.stall();
        }
        exchange.send(wire.text("wer, then all.") + wire.end(Reason.STOP, 1)).end();
    }

    private static int stallAt(String session) {
        return switch (session) {
            case "streams", "thinks", "branches" -> 1;
            case "chat-again" -> 2;
            default -> 0;
        };
    }

    private String calls(String session) {
        String hangs = "{\"hang\":true}";
        return switch (session) {
            case "chat" -> wire.toolCall(0, "call_1", "look", hangs);
            case "chat-two" ->
                    wire.toolCall(0, "call_1", "fire", "{}")
                            + wire.toolCall(1, "call_2", "look", hangs);
            default -> wire.toolCall(0, "call_1", "fire", "{}");
        };
    }

    private void ask(String session, String workflow, String provider) {
        pods.put(session, peers.pod("pod-" + session, session));
        var context = Json.object().put("workflow", workflow).put("ai_provider", provider);
        peers.publish(
                session,
                Json.object()
                        .put("message_id", "m1")
                        .put("session_id", session)
                        .put("user_id", "u1")
                        .put("message", session)
                        .set("context", context)
                        .toString());
    }

    private LoggedAnswer logged(String session) {
        return LoggedAnswer.of(peers, session);
    }

    private boolean isInTheMiddle(String session) {
        boolean waits =
                stalled.contains(session) || ledger.hangs(session) || logged(session).isParked();
        // A ring that was not sent when the worker is killed reaches no plain pod.
        return waits
                && heard(session).equals(logged(session).ids())
                && FORKS.contains(session) == checkpoint(session).contains("\"beside\"");
    }

    private String checkpoint(String session) {
        String kept = peers.redis.sync().hget("chat:run:" + session + ":m1", "checkpoint");
        return kept == null ? "" : kept;
    }

    private List<Integer> heard(String session) {
        return requireNonNull(pods.get(session)).chunks("m1").stream()
                .map(chunk -> chunk.get("chunk_id").asInt())
                .toList();
    }

    @Test
    void everyKindOfStepContinuesAtAnotherWorker() throws Exception {
        FakeModelServer model = closing(new FakeModelServer(this::answer));
        Map<String, String> environment = environment(model);
        environment.put(Ledger.HANG, "yes");
        WorkerProcess first = closing(WorkerProcess.start(environment));
        KINDS.forEach(kind ->
                ask(kind.name(), kind.workflow(), kind.name().equals("demo") ? "demo" : "openai"));
        FORKS.forEach(fork -> ask(fork, fork, "openai"));
        await().atMost(IN_TIME)
                .untilAsserted(() -> {
                    for (Kind kind : KINDS) {
                        assertThat(logged(kind.name()).text())
                                .as(kind.name())
                                .isEqualTo(kind.middle());
                    }
                    assertThat(pods.keySet()).allMatch(this::isInTheMiddle);
                    assertThat(withoutTheOther("branches")).isEqualTo("Model: " + HALF);
                    assertThat(withoutTheOther("beside")).isEqualTo("Half ");
                    assertThat(logged("recorded").results()).hasSize(1);
                    assertThat(logged("chat-two").results()).hasSize(1);
                });

        // It has no work yet, and so trusts the leases much sooner.
        environment.remove(Ledger.HANG);
        closing(WorkerProcess.start(environment));
        first.kill();
        resume("asks", "green");

        await().atMost(IN_TIME)
                .untilAsserted(() ->
                        assertThat(pods)
                                .allSatisfy((session, pod) ->
                                        assertThat(pod.complete("m1")).as(session).isTrue()));
        assertSoftly(softly -> {
            KINDS.forEach(kind -> check(kind, softly));
            pods.keySet().forEach(session -> checkNumbers(session, softly));
            checkForks(softly);
            checkTools(softly);
        });
    }

    private void check(Kind kind, SoftAssertions softly) {
        String session = kind.name();
        softly.assertThat(logged(session).text()).as(session).isEqualTo(kind.text());
        softly.assertThat(logged(session).bodies(ChunkBody.Reset.class))
                .as(session)
                .hasSize(kind.resets());
        softly.assertThat(asked.getOrDefault(session, List.of())).as(session).hasSize(kind.asked());
        long firsts = ledger.notes(session).stream().filter("first"::equals).count();
        softly.assertThat(firsts).as("first step of " + session).isLessThanOrEqualTo(1);
    }

    private void checkNumbers(String session, SoftAssertions softly) {
        LoggedAnswer answer = logged(session);
        softly.assertThat(answer.ids())
                .as(session)
                .isEqualTo(IntStream.range(0, answer.ids().size()).boxed().toList());
        softly.assertThat(heard(session)).as("heard of " + session).isEqualTo(answer.ids());
        softly.assertThat(answer.chunks().stream().filter(Chunk::isFinal)).as(session).hasSize(1);
        softly.assertThat(answer.events())
                .as(session)
                .endsWith("message_complete")
                .containsOnlyOnce("message_complete");
        softly.assertThat(answer.bodies(ChunkBody.Failure.class)).as(session).isEmpty();
    }

    /// Of parallel steps the finished one is not repeated, and its text is there once.
    private void checkForks(SoftAssertions softly) {
        softly.assertThat(withoutTheOther("branches"))
                .isEqualTo("Model: " + WHOLE + "Joined with branches-left");
        softly.assertThat(logged("branches").bodies(ChunkBody.Reset.class)).hasSize(1);
        softly.assertThat(asked.get("branches")).hasSize(2);
        softly.assertThat(withoutTheOther("beside"))
                .isEqualTo("Half done. Joined with beside-left");
        for (String fork : FORKS) {
            softly.assertThat(ledger.notes(fork).stream().filter("left"::equals)).hasSize(1);
            softly.assertThat(asked.get(fork + "-left")).hasSize(1);
        }
        softly.assertThat(logged("beside").bodies(ChunkBody.Reset.class))
                .hasSizeLessThanOrEqualTo(1);
        softly.assertThat(ledger.notes("beside").stream().filter("second"::equals)).hasSize(2);
    }

    /// The text without the text of the parallel branch, wherever that came.
    private String withoutTheOther(String session) {
        String text = logged(session).text();
        int at = text.indexOf(LEFT);
        return at < 0
                ? "nothing of the other"
                : text.substring(0, at) + text.substring(at + LEFT.length());
    }

    private void checkTools(SoftAssertions softly) {
        softly.assertThat(made("fires")).containsExactly("fire m1:one.0.0", "hangs");
        softly.assertThat(logged("fires").results()).containsExactly(UNKNOWN);
        softly.assertThat(asked.get("fires")).last().asString().contains(UNKNOWN, "Do not repeat");
        softly.assertThat(made("looks"))
                .containsExactly("look m1:one.0.0", "hangs", "look m1:one.0.0");
        softly.assertThat(logged("looks").results()).containsExactly("look worked");
        softly.assertThat(made("recorded")).containsExactly("fire m1:one.0.0", "hangs");
        softly.assertThat(logged("recorded").results()).containsExactly("fire worked");
        softly.assertThat(asked.get("recorded")).last().asString().contains("fire worked");
        // With the same key, so that a service can recognize the repetition.
        softly.assertThat(calls("chat", "look")).hasSize(2);
        softly.assertThat(calls("chat", "look").stream().distinct()).hasSize(1);
        softly.assertThat(logged("chat").results()).containsExactly("look worked");
        softly.assertThat(calls("chat-two", "fire")).hasSize(1);
        softly.assertThat(logged("chat-two").results())
                .containsExactly("fire worked", "look worked");
        softly.assertThat(calls("chat-again", "fire")).hasSize(1);
        softly.assertThat(logged("chat-again").results()).containsExactly("fire worked");
    }

    /// The records of a session's tools, with their keys except for the incarnation of the session, which is random.
    private List<String> made(String session) {
        return ledger.notes(session).stream()
                .map(note -> note.replaceFirst(" [0-9]+:", " "))
                .toList();
    }

    private List<String> calls(String session, String tool) {
        return ledger.notes(session).stream().filter(note -> note.startsWith(tool + " ")).toList();
    }

    private void resume(String session, String answer) throws Exception {
        WorkerConfig config = WorkerConfig.from(ModelProviders.environment(peers.environment()));
        try (Backplane backplane = Backplane.open(config.backplane(), "gateway")) {
            Chunk resumed =
                    new Chunk(
                            new SessionId(session),
                            new MessageId("m1"),
                            0,
                            new ChunkBody.Status("resumed", Json.object()),
                            null,
                            Instant.EPOCH,
                            "c");
            Resume resume =
                    backplane
                            .log()
                            .resume(new UserId("u1"), resumed, new UserAnswer(answer, null))
                            .toCompletableFuture()
                            .get();
            assertThat(resume).isInstanceOf(Resume.Resumed.class);
            if (resume instanceof Resume.Resumed now) {
                backplane
                        .queue()
                        .publishAgain(now.request(), now.occasion())
                        .toCompletableFuture()
                        .get();
            }
        }
    }
}
