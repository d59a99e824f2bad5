package dev.antiphon.engine.workflow;

import dev.antiphon.api.model.ProviderFailure;
import dev.antiphon.api.workflow.NeedsUser;
import dev.antiphon.api.workflow.RunState;
import dev.antiphon.api.workflow.Step;
import dev.antiphon.api.workflow.StepRun;
import dev.antiphon.api.workflow.WorkflowFailure;
import dev.antiphon.engine.workflow.Checkpoint.Branch;
import dev.antiphon.protocol.ErrorCode;

import org.bsc.langgraph4j.RunnableConfig;
import org.bsc.langgraph4j.StateGraph;
import org.bsc.langgraph4j.state.AgentState;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/// One attempt to go through one graph. The graph hands it to its steps and its saver within its configuration.
final class Execution implements Executor {

    private static final String KEY = "antiphon.execution";

    private final CompiledWorkflow workflow;
    private final RunHost host;
    private final @Nullable Checkpoint from;
    private final Thread thread = Thread.currentThread();

    /// Guards what follows; steps may run beside each other.
    private final Object lock = new Object();

    private final List<Thread> beside = new ArrayList<>();
    private @Nullable Throwable failure;
    private int steps;
    private int base;

    /// After which step it stands, and what of the steps beside each other has finished since; set by the thread of the run
    /// before it starts them, and by them under this lock: an older one must not be kept over a newer.
    private Checkpoint position;

    private final Object keeping = new Object();

    Execution(CompiledWorkflow workflow, RunHost host, @Nullable Checkpoint from) {
        this.workflow = workflow;
        this.host = host;
        this.from = from;
        this.steps = from == null ? 0 : from.steps();
        this.base = steps;
        this.position =
                from == null
                        ? new Checkpoint(
                                workflow.name(), StateGraph.START, "", 0, Map.of(), Map.of())
                        : from;
    }

    static Execution of(RunnableConfig config) {
        return (Execution) config.metadata(KEY).orElseThrow();
    }

    RunnableConfig config() {
        RunnableConfig.Builder config = RunnableConfig.builder().addMetadata(KEY, this);
        workflow.forks().forEach(step -> config.addParallelNodeExecutor(step, this));
        return config.build();
    }

    Optional<Checkpoint> from() {
        return Optional.ofNullable(from);
    }

    /// Runs one step, on the run's thread or, beside others, on one of {@link #execute}.
    CompletableFuture<Map<String, Object>> run(String name, Step step, RunState state) {
        try {
            count();
            String key = name + '.' + base();
            return CompletableFuture.completedFuture(
                    Thread.currentThread() == thread
                            ? StateValues.check(where(name), step.run(state, host.step(key, false)))
                            : runBeside(name, key, step, state));
        } catch (Throwable e) { // kept for whoever runs the workflow; the graph only needs to stop
            mark(name, e);
            fail(e);
            return CompletableFuture.failedFuture(e);
        }
    }

    private String where(String step) {
        return "step '" + step + "' of workflow '" + workflow.name() + "'";
    }

    /// What is not told to the user is logged by the run, which does not know in which step it was: the stack says so.
    private void mark(String step, Throwable e) {
        switch (e) {
            case NeedsUser _, ProviderFailure _, WorkflowFailure _, InterruptedException _ -> {}
            default -> e.addSuppressed(new IllegalStateException(where(step) + " broke"));
        }
    }

    /// One that an earlier attempt has finished is not run again: it says what it has said and leaves what it has left.
    private Map<String, Object> runBeside(String name, String key, Step step, RunState state)
            throws Exception {
        StepRun run = host.step(key, true);
        Branch finished = finishedBeside(name);
        if (finished != null) {
            run.say(finished.said());
            return finished.result();
        }
        Map<String, Object> result = StateValues.check(where(name), step.run(state, run));
        if (!result.values().stream().allMatch(Execution::isValue)) {
            return result; // it takes values out of the state, which a record cannot say
        }
        Branch branch = new Branch(host.said(key), result);
        synchronized (keeping) {
            Map<String, Branch> beside = new HashMap<>(position.beside());
            beside.put(name, branch);
            position = position.with(beside);
            host.finishedBeside(position);
        }
        return result;
    }

    private static boolean isValue(@Nullable Object value) {
        return value != null
                && !AgentState.MARK_FOR_REMOVAL.equals(value)
                && !AgentState.MARK_FOR_RESET.equals(value);
    }

    private @Nullable Branch finishedBeside(String name) {
        synchronized (keeping) {
            return position.beside().get(name);
        }
    }

    /// A graph that goes round for ever is stopped.
    private void count() throws WorkflowFailure {
        synchronized (lock) {
            steps++;
            if (steps > workflow.maxSteps()) {
                throw new WorkflowFailure(
                        ErrorCode.TOO_MANY_STEPS,
                        "The workflow took more than " + workflow.maxSteps() + " steps.");
            }
        }
    }

    /// How many steps had finished before.
    private int base() {
        synchronized (lock) {
            return base;
        }
    }

    private void fail(Throwable e) {
        synchronized (lock) {
            if (failure == null) {
                failure = e;
            }
        }
    }

    /// Takes where the graph stands, after a step.
    void at(String step, String next, Map<String, Object> state) {
        synchronized (keeping) {
            position = new Checkpoint(workflow.name(), step, next, finished(), state, Map.of());
        }
    }

    /// Keeps where it stands.
    void keep() throws InterruptedException {
        try {
            synchronized (keeping) {
                host.finished(position);
            }
        } catch (InterruptedException | RuntimeException e) {
            fail(e);
            throw e;
        }
    }

    private int finished() {
        synchronized (lock) {
            base = steps;
            return base;
        }
    }

    @Override
    public void execute(Runnable work) {
        Thread branch = host.thread("step-" + workflow.name(), work);
        synchronized (lock) {
            beside.add(branch);
        }
        branch.start();
    }

    /// What stopped the graph first; what followed from it does not matter.
    ///
    /// @param seen what came out of the graph
    Throwable cause(RuntimeException seen) {
        synchronized (lock) {
            if (failure != null) {
                return failure;
            }
        }
        // The run's thread was interrupted while it waited for steps beside each other, which do
        // not
        // know it yet; the graph wraps that as a failure of its own.
        Throwable cause = seen;
        while (cause != null && !(cause instanceof InterruptedException)) {
            cause = cause.getCause();
        }
        return cause == null ? seen : cause;
    }

    /// Stops the steps that still run beside the one that failed, and waits for them.
    void end() {
        List<Thread> running;
        synchronized (lock) {
            running = List.copyOf(beside);
        }
        running.forEach(Thread::interrupt);
        boolean interrupted = false;
        for (Thread each : running) {
            while (each.isAlive()) {
                try {
                    each.join();
                } catch (InterruptedException e) {
                    interrupted = true; // they are on their way out already
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
