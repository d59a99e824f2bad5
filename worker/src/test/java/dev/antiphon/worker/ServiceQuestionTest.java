package dev.antiphon.worker;

import static dev.antiphon.api.workflow.StepGraph.END;
import static dev.antiphon.api.workflow.StepGraph.START;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import static java.util.Objects.requireNonNull;

import dev.antiphon.api.model.Capabilities;
import dev.antiphon.api.model.Capabilities.Continuation;
import dev.antiphon.api.model.Capabilities.Feature;
import dev.antiphon.api.model.ModelAnswer;
import dev.antiphon.api.model.ModelCall;
import dev.antiphon.api.model.ModelCall.Kept;
import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.model.ModelTurn;
import dev.antiphon.api.model.TokenSink;
import dev.antiphon.api.workflow.StepGraph;
import dev.antiphon.api.workflow.Workflow;
import dev.antiphon.backplane.log.Resume;
import dev.antiphon.backplane.log.UserAnswer;
import dev.antiphon.engine.workflow.ChatWorkflow;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.Json;
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
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

/// Workflows with a service that runs its own graphs: it keeps its answers and the conversation, and asks the user.
final class ServiceQuestionTest {

    private static final Duration SOON = Duration.ofSeconds(30);
    private static final int TOKENS = 5;

    private final List<AutoCloseable> opened = new ArrayList<>();
    private final Service service = new Service();
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

    /// Repeats the user's answers, and asks when told to and without an answer. It can stay silent.
    private static final class Service implements ModelProvider {

        final List<ModelCall> calls = new CopyOnWriteArrayList<>();
        volatile boolean isSilent;

        @Override
        public String name() {
            return "service";
        }

        @Override
        public List<String> models() {
            return List.of();
        }

        @Override
        public Capabilities capabilities() {
            return Capabilities.of(
                    Continuation.REATTACH,
                    Feature.USAGE,
                    Feature.CANCEL,
                    Feature.KEEPS_CONVERSATION);
        }

        @Override
        public boolean joinsPieces() {
            return true;
        }

        @Override
        public ModelAnswer stream(ModelCall call, TokenSink sink) throws InterruptedException {
            calls.add(call);
            sink.kept("h" + calls.size());
            if (isSilent) {
                new CountDownLatch(1).await();
            }
            List<String> answers = requireNonNull(call.asker()).answers();
            String text = call.message() + answers;
            sink.content(text);
            return new ModelAnswer(
                    "",
                    new ModelTurn.Assistant(text),
                    new Completion("m", TOKENS, Completion.FinishReason.STOP),
                    call.message().equals("ask") && answers.isEmpty() ? "[\"Really?\"]" : null);
        }
    }

    private record Named(String name, StepGraph graph) implements Workflow {
        @Override
        public String description() {
            return "for a test";
        }
    }

    private static List<Workflow> workflows() {
        return List.of(
                new ChatWorkflow(),
                new Named("asks", asks()),
                new Named("beside", beside()),
                new Named("thinks", thinks()));
    }

    /// Asks the user, lets the service ask the user too, and calls it again in a second step.
    private static StepGraph asks() {
        return new StepGraph()
                .step(
                        "ask",
                        (_, run) -> {
                            String own = run.ask("Own?");
                            run.stream(turns("ask"), List.of());
                            return Map.of("own", own);
                        })
                .step(
                        "tell",
                        (state, run) -> {
                            run.say("<" + state.get("own", String.class).orElseThrow() + ">");
                            run.stream(turns("tell"), List.of());
                            return Map.of();
                        })
                .edge(START, "ask")
                .edge("ask", "tell")
                .edge("tell", END);
    }

    private static StepGraph beside() {
        return new StepGraph()
                .step(
                        "left",
                        (_, run) -> {
                            run.stream(turns("ask"), List.of());
                            return Map.of();
                        })
                .step("right", (_, _) -> Map.of())
                .step("join", (_, _) -> Map.of())
                .edge(START, "left")
                .edge(START, "right")
                .edge("left", "join")
                .edge("right", "join")
                .edge("join", END);
    }

    private static StepGraph thinks() {
        return new StepGraph()
                .step(
                        "think",
                        (_, run) -> {
                            run.think(turns("decide"));
                            return Map.of();
                        })
                .edge(START, "think")
                .edge("think", END);
    }

    private static List<ModelTurn> turns(String text) {
        return List.of(new ModelTurn.User(text));
    }

    private AutoCloseable worker() throws Exception {
        return RunWorker.open(
                peers.environment(),
                List.of(service),
                workflows(),
                new Tools(List.of(), ToolSelection.ALL));
    }

    private void ask(String workflow) {
        peers.publish(
                "s1",
                Json.object()
                        .put("message_id", "m1")
                        .put("session_id", "s1")
                        .put("user_id", "u1")
                        .put("message", "hi")
                        .set("context", Json.object().put("workflow", workflow))
                        .toString());
    }

    private void answer(String answer) throws InterruptedException {
        UserAnswer given = new UserAnswer(answer, null);
        assertThat(Resuming.resume(peers.environment(), "u1", "s1", "m1", given))
                .isInstanceOf(Resume.Resumed.class);
    }

    private List<JsonNode> statuses(String status) {
        return pod.chunks("m1").stream()
                .map(chunk -> chunk.get("metadata"))
                .filter(metadata ->
                        metadata != null && metadata.path("status").asString("").equals(status))
                .toList();
    }

    private JsonNode last() {
        await().atMost(SOON).until(() -> pod.complete("m1"));
        return pod.chunks("m1").getLast();
    }

    @Test
    void anAnswerGoesToTheQuestionItIsForAndToNoOther() throws Exception {
        opened.add(worker());
        ask("asks");
        await().atMost(SOON).until(() -> statuses("interrupt").size() == 1);

        answer("mine");
        await().atMost(SOON).until(() -> statuses("interrupt").size() == 2);
        answer("yours");

        JsonNode last = last();
        assertThat(pod.text("m1")).isEqualTo("ask[]ask[yours]<mine>tell[]");
        assertThat(statuses("interrupt").getLast().get("interrupt").get("kind").asString())
                .isEqualTo("service_question");
        assertThat(last.get("metadata").get("tokens_used").asInt()).isEqualTo(3 * TOKENS);
    }

    @Test
    void anAnswerIsKeptFromItsFirstMomentOn() throws Exception {
        service.isSilent = true;
        AutoCloseable first = worker();
        ask("chat");
        await().atMost(SOON).until(() -> statuses("kept").size() == 1);
        service.isSilent = false;
        first.close();

        opened.add(worker());

        last();
        assertThat(service.calls).hasSize(2);
        assertThat(service.calls.getLast().kept()).isEqualTo(new Kept("h1", ""));
        assertThat(pod.text("m1")).isEqualTo("hi[]");
    }

    @Test
    void aServiceThatKeepsTheConversationIsNotAskedForAStepsOwnUse() throws Exception {
        opened.add(worker());

        ask("thinks");

        JsonNode error = last().get("error");
        assertThat(error.get("code").asString()).isEqualTo("invalid_field");
        assertThat(error.get("message").asString())
                .isEqualTo(
                        "The provider 'service' keeps the conversation itself and cannot answer"
                                + " separate calls; this workflow needs another provider.");
        assertThat(service.calls).isEmpty();
    }

    @Test
    void aServiceCannotAskDuringParallelSteps() throws Exception {
        opened.add(worker());

        ask("beside");

        assertThat(last().get("error").get("message").asString())
                .isEqualTo(
                        "The provider 'service' asks its user, which a step that runs in parallel"
                                + " cannot do.");
    }
}
