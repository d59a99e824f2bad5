package dev.antiphon.tester;

import dev.antiphon.api.model.ForwardingProvider;
import dev.antiphon.api.model.ModelAnswer;
import dev.antiphon.api.model.ModelCall;
import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.model.ProviderFailure;
import dev.antiphon.api.model.TokenSink;
import dev.antiphon.api.tool.Tool;
import dev.antiphon.api.tool.ToolContext;
import dev.antiphon.api.tool.ToolFailure;
import dev.antiphon.api.workflow.RunState;
import dev.antiphon.api.workflow.Step;
import dev.antiphon.api.workflow.StepGraph;
import dev.antiphon.api.workflow.StepRun;
import dev.antiphon.api.workflow.Workflow;
import dev.antiphon.backplane.doorbell.Notices;
import dev.antiphon.backplane.log.Claim;
import dev.antiphon.engine.run.ContextWindow;
import dev.antiphon.engine.run.Counters;
import dev.antiphon.engine.run.Providers;
import dev.antiphon.engine.run.Run;
import dev.antiphon.engine.run.RunParts;
import dev.antiphon.engine.workflow.Workflows;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkflowRequest;
import dev.antiphon.time.Time;
import dev.antiphon.tools.ToolRunner;
import dev.antiphon.tools.ToolSelection;
import dev.antiphon.tools.Tools;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.node.ObjectNode;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// The run of one message: attempt after attempt, until the message has ended or waits for its user.
final class TestedRun {

    /// Long enough for every step of a unit test; a workflow that needs more hangs.
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private static final Notices NO_PODS =
            new Notices() {
                @Override
                public void erased(Set<PodId> pods, SessionId session) {}

                @Override
                public void cancelled(SessionId session, MessageId message) {}

                @Override
                public void changed(UserId user, SessionId session) {}
            };

    private final MemoryLog log;
    private final RunParts parts;
    private final KillPoints kills;
    private final Set<String> cancelledIn;
    private final Time time = Time.system();
    private final Counters counters = new Counters();
    private final List<String> steps = Collections.synchronizedList(new ArrayList<>());
    private volatile @Nullable Run attempt;

    /// @param cancelledIn the user cancels the message when one of these steps begins
    TestedRun(
            WorkflowRequest request,
            Workflow workflow,
            ModelProvider model,
            List<Tool> tools,
            ToolSelection approved,
            KillPoints kills,
            Set<String> cancelledIn) {
        this.log = new MemoryLog(request);
        this.kills = kills;
        this.cancelledIn = cancelledIn;
        List<Tool> killable = tools.stream().<Tool>map(KillableTool::new).toList();
        this.parts =
                new RunParts(
                        new Providers(List.of(new KillableProvider(model)), null),
                        new Workflows(
                                List.of(new KillableWorkflow(workflow)), null, Workflows.MAX_STEPS),
                        new ContextWindow(new NoHistory(), 8_000, 1, time, counters),
                        new ToolRunner(
                                new Tools(killable, ToolSelection.ALL),
                                new MemoryJournal(log),
                                LIMIT,
                                time),
                        approved);
    }

    MemoryLog log() {
        return log;
    }

    List<String> steps() {
        return List.copyOf(steps);
    }

    /// Runs attempts until the message has ended or waits for its user.
    void untilRest() throws InterruptedException {
        while (log.isOpen()) {
            attempt();
        }
    }

    /// Each attempt has a thread of its own, so that no interrupt of one reaches the next.
    private void attempt() throws InterruptedException {
        CompletableFuture<Void> ended = new CompletableFuture<>();
        Thread worker =
                time.thread(
                        "tested-run",
                        () -> {
                            try {
                                attempt(log.claim());
                                ended.complete(null);
                            } catch (Throwable e) { // thrown again by the thread of the test
                                ended.completeExceptionally(e);
                            }
                        });
        worker.start();
        try {
            var _ = ended.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new IllegalStateException("the workflow failed unexpectedly", e.getCause());
        } catch (TimeoutException e) {
            throw new IllegalStateException(
                    "the workflow did not end within " + LIMIT.toSeconds() + " s", e);
        } finally {
            worker.interrupt();
        }
    }

    private void attempt(Claim.Claimed claimed) {
        Run run = new Run(log, NO_PODS, parts, time, claimed, counters);
        attempt = run;
        try {
            run.execute();
        } catch (InterruptedException e) {
            if (log.isHeldWith(claimed.token())) {
                throw new IllegalStateException(
                        "a step was interrupted, but the test did not stop it", e);
            }
        }
        run.unexpected()
                .ifPresent(e -> {
                    throw e;
                });
    }

    private void cancel() {
        log.cancel();
        Run running = attempt;
        if (running != null) {
            running.cancel();
        }
    }

    private void reach(String point) throws InterruptedException {
        if (kills.reach(point)) {
            log.fence();
            throw new InterruptedException("the worker was killed " + point);
        }
    }

    /// The workflow under test, whose worker can die around every step.
    private final class KillableWorkflow implements Workflow {

        private final Workflow workflow;

        KillableWorkflow(Workflow workflow) {
            this.workflow = workflow;
        }

        @Override
        public String name() {
            return workflow.name();
        }

        @Override
        public String description() {
            return workflow.description();
        }

        @Override
        public StepGraph graph() {
            StepGraph drawn = workflow.graph();
            StepGraph graph = new StepGraph();
            drawn.steps()
                    .forEach((name, step) ->
                            graph.step(name, (state, run) -> run(name, step, state, run)));
            drawn.edges().forEach((from, targets) -> targets.forEach(to -> graph.edge(from, to)));
            drawn.routes()
                    .forEach((from, route) ->
                            graph.route(
                                    from, route.choice(), route.targets().toArray(new String[0])));
            return graph;
        }

        private Map<String, Object> run(String name, Step step, RunState state, StepRun run)
                throws Exception {
            steps.add(name);
            reach(KillPoints.beginOf(name));
            if (cancelledIn.contains(name)) {
                cancel();
            }
            Map<String, Object> result = step.run(state, run);
            reach(KillPoints.endOf(name));
            return result;
        }
    }

    /// A tool whose worker can die after its effect.
    private final class KillableTool implements Tool {

        private final Tool tool;

        KillableTool(Tool tool) {
            this.tool = tool;
        }

        @Override
        public String name() {
            return tool.name();
        }

        @Override
        public String id() {
            return tool.id();
        }

        @Override
        public String description() {
            return tool.description();
        }

        @Override
        public ObjectNode parameters() {
            return tool.parameters();
        }

        @Override
        public boolean idempotent() {
            return tool.idempotent();
        }

        @Override
        public String call(ObjectNode arguments, ToolContext context)
                throws ToolFailure, InterruptedException {
            String result = tool.call(arguments, context);
            reach(KillPoints.inTool(name()));
            return result;
        }
    }

    /// A model whose worker can die in the middle of a call. It joins no pieces, so each piece is in the log at once,
    /// and a kill always comes at the same place.
    private final class KillableProvider extends ForwardingProvider {

        KillableProvider(ModelProvider provider) {
            super(provider);
        }

        @Override
        public ModelAnswer stream(ModelCall call, TokenSink sink)
                throws ProviderFailure, InterruptedException {
            return super.stream(call, new KillableSink(sink));
        }

        @Override
        public boolean joinsPieces() {
            return false;
        }
    }

    private final class KillableSink implements TokenSink {

        private final TokenSink sink;
        private boolean hasPiece;

        KillableSink(TokenSink sink) {
            this.sink = sink;
        }

        private void passed() throws InterruptedException {
            if (!hasPiece) {
                hasPiece = true;
                reach(KillPoints.IN_MODEL_CALL);
            }
        }

        @Override
        public void content(String text) throws InterruptedException {
            sink.content(text);
            passed();
        }

        @Override
        public void reasoning(String text) throws InterruptedException {
            sink.reasoning(text);
            passed();
        }

        @Override
        public void toolCall(String id, String name, String arguments) throws InterruptedException {
            sink.toolCall(id, name, arguments);
            passed();
        }

        @Override
        public void toolResult(String id, String name, String result) throws InterruptedException {
            sink.toolResult(id, name, result);
            passed();
        }

        @Override
        public void kept(String handle) throws InterruptedException {
            sink.kept(handle);
        }

        @Override
        public void reset() throws InterruptedException {
            sink.reset();
        }

        @Override
        public boolean isCancelled() {
            return sink.isCancelled();
        }
    }
}
