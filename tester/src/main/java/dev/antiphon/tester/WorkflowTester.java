package dev.antiphon.tester;

import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.tool.Tool;
import dev.antiphon.api.workflow.Workflow;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.RequestContext;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkflowRequest;
import dev.antiphon.tools.ToolSelection;

import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/// Runs a workflow in a unit test. The worker's own engine executes the graph: it stores each finished step, calls
/// tools at most once, parks the run at a question and continues after the death of a worker. There are no servers; the
/// log is in memory.
///
/// ```java
/// WorkflowTester tester = new WorkflowTester(new DebateWorkflow(), model).killIn("pro");
///
/// TestedAnswer answer = tester.ask("tea");
///
/// assertThat(answer.text()).isEqualTo("For: …");
/// assertThat(answer.attempts()).isEqualTo(2);
/// ```
///
/// Used by one thread. The model and the tools are called on other threads.
public final class WorkflowTester {

    private final Workflow workflow;
    private final ModelProvider model;
    private final KillPoints kills = new KillPoints();
    private final Set<String> cancelledIn = new HashSet<>();
    private List<Tool> tools = List.of();
    private List<String> approved = List.of();
    private RequestContext context = RequestContext.empty();
    private int messages;

    /// A tester of one workflow.
    ///
    /// @param model answers the model calls, such as a scripted model
    public WorkflowTester(Workflow workflow, ModelProvider model) {
        this.workflow = workflow;
        this.model = model;
    }

    /// Sets the tools that the workflow can use.
    public WorkflowTester tools(Tool... offered) {
        tools = List.of(offered);
        return this;
    }

    /// Sets the ids of the tools that run only when the user approves the call, as `CHAT_TOOLS_APPROVED`.
    public WorkflowTester approvedByUser(String... ids) {
        approved = List.of(ids);
        return this;
    }

    /// Sets the context of the requests: options, earlier turns, tools.
    public WorkflowTester context(RequestContext options) {
        context = options;
        return this;
    }

    /// Kills the worker at the end of a step's first execution, before its result is stored. The next attempt runs the
    /// step again.
    public WorkflowTester killIn(String step) {
        kills.add(KillPoints.endOf(step));
        return this;
    }

    /// Kills the worker in the first model call, after its first piece.
    public WorkflowTester killInModelCall() {
        kills.add(KillPoints.IN_MODEL_CALL);
        return this;
    }

    /// Kills the worker in a tool's first call, after its effect and before its outcome is stored.
    public WorkflowTester killInTool(String name) {
        kills.add(KillPoints.inTool(name));
        return this;
    }

    /// Cancels the message when a step begins.
    public WorkflowTester cancelIn(String step) {
        cancelledIn.add(step);
        return this;
    }

    /// Answers a message. Blocks until the answer has ended or waits for the user.
    ///
    /// @throws IllegalStateException when a step, the model or a tool threw an exception that users would see as
    ///     `internal` (it is the cause), or the workflow did not end within 30 s
    /// @throws IllegalArgumentException when the graph is inconsistent
    /// @throws InterruptedException when interrupted
    public TestedAnswer ask(String message) throws InterruptedException {
        TestedRun run =
                new TestedRun(
                        new WorkflowRequest(
                                new MessageId("msg_" + ++messages),
                                new SessionId("test"),
                                new UserId("user1"),
                                message,
                                context,
                                null,
                                Instant.EPOCH,
                                "test"),
                        workflow,
                        model,
                        tools,
                        new ToolSelection(approved),
                        kills,
                        cancelledIn);
        run.untilRest();
        return new TestedAnswer(run);
    }

    /// What a test does with a tester, assertions included.
    @FunctionalInterface
    public interface Scenario {

        /// Runs the scenario.
        ///
        /// @throws Exception to fail the test
        void run(WorkflowTester tester) throws Exception;
    }

    /// Runs a scenario once without a kill, and then once for each moment at which a worker can die: at the beginning
    /// and at the end of each step, in each model call and in each tool call. The scenario must hold in each of them, so its model must
    /// answer a repeated call.
    ///
    /// @param testers creates a tester with a new model and new tools for each run
    /// @throws AssertionError when the scenario fails; names the moment of the kill
    /// @throws Exception when the scenario fails without a kill
    public static void killEverywhere(Supplier<WorkflowTester> testers, Scenario scenario)
            throws Exception {
        WorkflowTester unharmed = testers.get();
        scenario.run(unharmed);
        int points = unharmed.kills.passed();
        for (int i = 0; i < points; i++) {
            WorkflowTester tester = testers.get();
            tester.kills.choose(i);
            try {
                scenario.run(tester);
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("the worker was killed " + tester.kills.lastKill(), e);
            }
        }
    }
}
