package dev.antiphon.tester;

import static dev.antiphon.api.workflow.StepGraph.END;
import static dev.antiphon.api.workflow.StepGraph.START;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.antiphon.api.model.ModelTurn;
import dev.antiphon.api.model.ToolCall;
import dev.antiphon.api.tool.Tool;
import dev.antiphon.api.tool.ToolContext;
import dev.antiphon.api.workflow.StepGraph;
import dev.antiphon.api.workflow.ToolReply;
import dev.antiphon.api.workflow.Workflow;
import dev.antiphon.engine.workflow.ChatWorkflow;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.Json;
import dev.antiphon.testkit.ScriptedModel;

import org.junit.jupiter.api.Test;

import tools.jackson.databind.node.ObjectNode;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/// Workflows on the worker's engine, with workers that die and users that answer.
final class WorkflowTest {

    private final AtomicInteger firstStep = new AtomicInteger();
    private final AtomicInteger launches = new AtomicInteger();

    private static WorkflowTester tester(Workflow workflow) {
        return new WorkflowTester(workflow, new ScriptedModel());
    }

    /// The first step counts how often it runs; the second writes what the first has returned.
    private Workflow twoSteps() {
        return TestWorkflow.of(
                "first",
                (_, run) -> {
                    run.say("first " + firstStep.incrementAndGet() + ", ");
                    return Map.of("word", "second", "list", List.of(1, 2));
                },
                "second",
                (state, run) -> {
                    run.say(state.get("word", String.class).orElseThrow());
                    run.say(state.list("list", Integer.class).toString());
                    return Map.of();
                });
    }

    @Test
    void aFinishedStepIsNotRunAgainByTheNextWorker() throws Exception {
        TestedAnswer answer = tester(twoSteps()).killIn("second").ask("hi");

        assertThat(answer.text()).isEqualTo("first 1, second[1, 2]");
        assertThat(answer.steps()).containsExactly("first", "second", "second");
        assertThat(answer.attempts()).isEqualTo(2);
        // The second step's text remains, because it writes the same text again.
        assertThat(answer.chunks()).noneMatch(ChunkBody.Reset.class::isInstance);
    }

    @Test
    void otherTextOfARepeatedStepReplacesItsText() throws Exception {
        TestedAnswer answer = tester(twoSteps()).killIn("first").ask("hi");

        assertThat(answer.text()).isEqualTo("first 2, second[1, 2]");
        assertThat(answer.chunks()).contains(new ChunkBody.Reset(0));
    }

    @Test
    void parallelStepsWriteIntoOneAnswer() throws Exception {
        CyclicBarrier both = new CyclicBarrier(2);

        TestedAnswer answer =
                tester(
                                TestWorkflow.parallel(
                                        (_, run) -> {
                                            both.await(20, TimeUnit.SECONDS);
                                            run.say("l");
                                            return Map.of("left", 1);
                                        },
                                        (_, run) -> {
                                            both.await(20, TimeUnit.SECONDS);
                                            run.say("r");
                                            return Map.of("right", 2);
                                        },
                                        (state, run) -> {
                                            run.say(
                                                    "="
                                                            + (state.get("left", Integer.class)
                                                                            .orElseThrow()
                                                                    + state.get(
                                                                                    "right",
                                                                                    Integer.class)
                                                                            .orElseThrow()));
                                            return Map.of();
                                        }))
                        .ask("hi");

        assertThat(answer.text()).isIn("lr=3", "rl=3");
    }

    @Test
    void parallelStepsSurviveTheDeathOfTheirWorker() throws Exception {
        WorkflowTester.killEverywhere(
                () ->
                        tester(
                                TestWorkflow.parallel(
                                        TestWorkflow.says("l"),
                                        TestWorkflow.says("r"),
                                        TestWorkflow.says("!"))),
                tester -> assertThat(tester.ask("hi").text()).isIn("lr!", "rl!"));
    }

    @Test
    void anEndlessGraphIsStopped() throws Exception {
        StepGraph round =
                new StepGraph()
                        .step("again", (_, _) -> Map.of())
                        .edge(START, "again")
                        .route("again", _ -> "again", "again", END);

        TestedAnswer answer = tester(new TestWorkflow(round)).ask("hi");

        assertThat(answer.error()).contains(ErrorCode.TOO_MANY_STEPS);
        assertThat(answer.steps()).hasSize(50);
    }

    private Workflow asks() {
        return TestWorkflow.of(
                "prepare",
                (_, run) -> {
                    firstStep.incrementAndGet();
                    run.say("Before. ");
                    return Map.of();
                },
                "ask",
                (_, run) -> {
                    String colour = run.ask("Colour?");
                    String size = run.ask("Size?");
                    run.say(colour + " " + size);
                    return Map.of();
                });
    }

    @Test
    void aRunWaitsForItsUserAndTheNextWorkerContinues() throws Exception {
        TestedAnswer answer = tester(asks()).ask("hi");
        assertThat(answer.question().orElseThrow().get("question").stringValue())
                .isEqualTo("Colour?");

        answer.answer("green");
        assertThat(answer.question().orElseThrow().get("question").stringValue())
                .isEqualTo("Size?");
        answer.answer("large");

        assertThat(answer.text()).isEqualTo("Before. green large");
        assertThat(answer.question()).isEmpty();
        assertThat(firstStep).hasValue(1);
        assertThatThrownBy(() -> answer.answer("other")).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void anAnswerOfTheUserSurvivesTheDeathOfTheWorker() throws Exception {
        WorkflowTester.killEverywhere(
                () -> tester(asks()),
                tester -> {
                    TestedAnswer answer = tester.ask("hi").answer("green").answer("large");
                    assertThat(answer.text()).isEqualTo("Before. green large");
                });
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
            return "launched " + launches.incrementAndGet();
        }
    }

    /// Launches twice under one id.
    private static Workflow launchesTwice() {
        return TestWorkflow.of(
                "launch",
                (_, run) -> {
                    String first = run.call(new ToolCall("c1", "launch", "{}")).text();
                    String second = run.call(new ToolCall("c1", "launch", "{}")).text();
                    run.say(first + ", " + second);
                    return Map.of();
                });
    }

    @Test
    void aToolRunsWhenItsUserAllowsItAndItsResultIsKept() throws Exception {
        TestedAnswer answer =
                tester(launchesTwice()).tools(new Launch()).approvedByUser("launch").ask("hi");
        assertThat(launches).hasValue(0);

        answer.answer("approve").answer("no, thank you");

        assertThat(answer.text()).isEqualTo("launched 1, the user did not allow it.");
        assertThat(launches).hasValue(1);
        assertThat(answer.chunks()).filteredOn(ChunkBody.ToolResult.class::isInstance).hasSize(2);
    }

    @Test
    void aFinishedToolCallIsNotRepeatedWhenItsStepRunsAgain() throws Exception {
        TestedAnswer answer =
                tester(launchesTwice()).tools(new Launch()).killIn("launch").ask("hi");

        assertThat(answer.text()).isEqualTo("launched 1, launched 2");
        assertThat(answer.steps()).containsExactly("launch", "launch");
        assertThat(launches).hasValue(2);
    }

    @Test
    void aToolWhoseWorkerDiesIsNotCalledAgain() throws Exception {
        Workflow launch =
                TestWorkflow.of(
                        "launch",
                        (_, run) -> {
                            ToolReply reply = run.call(new ToolCall("c1", "launch", "{}"));
                            run.say(reply.kind().name());
                            return Map.of();
                        });

        TestedAnswer answer = tester(launch).tools(new Launch()).killInTool("launch").ask("hi");

        assertThat(answer.text()).isEqualTo("UNKNOWN");
        assertThat(launches).hasValue(1);
    }

    @Test
    void aModelsAnswerSurvivesTheDeathOfTheWorker() throws Exception {
        WorkflowTester.killEverywhere(
                () ->
                        new WorkflowTester(
                                        new ChatWorkflow(),
                                        new ScriptedModel()
                                                .answers(call -> "You said " + call.message()))
                                .tools(new Launch()),
                tester -> {
                    TestedAnswer answer = tester.ask("hi");
                    assertThat(answer.text()).isEqualTo("You said hi");
                    assertThat(answer.steps())
                            .contains("analyze_intent", "call_llm", "format_response");
                });
    }

    @Test
    void aCancelledMessageEndsAndItsStepStops() throws Exception {
        AtomicInteger interrupted = new AtomicInteger();
        Workflow workflow =
                TestWorkflow.of(
                        "first",
                        TestWorkflow.says("begun"),
                        "second",
                        (_, run) -> {
                            try {
                                run.say("never seen");
                            } catch (InterruptedException e) {
                                interrupted.incrementAndGet();
                                throw e;
                            }
                            return Map.of();
                        });

        TestedAnswer answer = tester(workflow).cancelIn("second").ask("hi");

        assertThat(answer.isCancelled()).isTrue();
        assertThat(answer.text()).isEqualTo("begun");
        assertThat(interrupted).hasValue(1);
    }

    @Test
    void anUnexpectedExceptionReachesTheTest() {
        WorkflowTester broken =
                tester(
                        TestWorkflow.of(
                                "first",
                                (_, _) -> {
                                    throw new IllegalArgumentException("a bug");
                                }));
        WorkflowTester wrong =
                tester(TestWorkflow.of("first", (_, _) -> Map.of("t", new Object())));

        assertThatThrownBy(() -> broken.ask("hi"))
                .isInstanceOf(IllegalStateException.class)
                .hasRootCauseMessage("a bug");
        assertThatThrownBy(() -> wrong.ask("hi"))
                .rootCause()
                .hasMessageStartingWith("step 'first' of workflow 'tested' left in 't'");
    }

    @Test
    void aFailedScenarioNamesTheKill() {
        assertThatThrownBy(() ->
                        WorkflowTester.killEverywhere(
                                () ->
                                        tester(
                                                TestWorkflow.of(
                                                        "one",
                                                        TestWorkflow.says("a"),
                                                        "two",
                                                        TestWorkflow.says("b"))),
                                tester ->
                                        assertThat(tester.ask("hi").steps())
                                                .containsExactly("one", "two")))
                .isInstanceOf(AssertionError.class)
                .hasMessage("the worker was killed at the beginning of step 'one'");
    }

    @Test
    void aFailureOfTheModelIsWhatTheUserSees() throws Exception {
        Workflow asksModel =
                TestWorkflow.of(
                        "call",
                        (_, run) -> {
                            run.stream(List.of(new ModelTurn.User("hi")), List.of());
                            return Map.of();
                        });

        TestedAnswer answer =
                new WorkflowTester(asksModel, new ScriptedModel().fails("It is closed.")).ask("hi");

        assertThat(answer.error()).contains(ErrorCode.PROVIDER_FAILED);
        assertThat(answer.errorMessage()).contains("It is closed.");
    }
}
