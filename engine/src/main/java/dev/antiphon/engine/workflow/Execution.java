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

/// One attempt to run one graph. The graph's configuration passes it to the steps and to the saver.
final class Execution implements Executor {

    private static final String KEY = "antiphon.execution";

    private final CompiledWorkflow workflow;
    private final RunHost host;
    private final @Nullable Checkpoint from;
    private final Thread thread = Thread.currentThread();

    /// Guards the fields below; steps can run in parallel.
    private final Object lock = new Object();

    private final List<Thread> branches = new ArrayList<>();
    private @Nullable Throwable failure;
    private int steps;
    private int base;

    /// The last finished step, and the parallel steps that have finished since. The run's thread sets it before it
    /// starts parallel steps, and they set it under this lock: an older position must not overwrite a newer one.
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

    /// Runs one step, on the run's thread or, in parallel with others, on a thread of {@link #execute}.
    CompletableFuture<Map<String, Object>> run(String name, Step step, RunState state) {
        try {
            count();
            String key = name + '.' + base();
            return CompletableFuture.completedFuture(
                    Thread.currentThread() == thread
                            ? StateValues.check(where(name), step.run(state, host.step(key, false)))
                            : runParallel(name, key, step, state));
        } catch (Throwable e) { // kept for the caller of the workflow; the graph only needs to stop
            mark(name, e);
            fail(e);
            return CompletableFuture.failedFuture(e);
        }
    }

    private String where(String step) {
        return "step '" + step + "' of workflow '" + workflow.name() + "'";
    }

    /// The run logs a failure that the user does not see, but does not know its step: the stack trace names it.
    private void mark(String step, Throwable e) {
        switch (e) {
            case NeedsUser _, ProviderFailure _, WorkflowFailure _, InterruptedException _ -> {}
            default -> e.addSuppressed(new IllegalStateException(where(step) + " failed"));
        }
    }

    /// A step that an earlier attempt has finished is not run again: its recorded text and result are replayed.
    private Map<String, Object> runParallel(String name, String key, Step step, RunState state)
            throws Exception {
        StepRun run = host.step(key, true);
        Branch finished = finishedBranch(name);
        if (finished != null) {
            run.say(finished.said());
            return finished.result();
        }
        Map<String, Object> result = StateValues.check(where(name), step.run(state, run));
        if (!result.values().stream().allMatch(Execution::isValue)) {
            return result; // it removes values from the state, which a record cannot express
        }
        Branch branch = new Branch(host.said(key), result);
        synchronized (keeping) {
            Map<String, Branch> parallel = new HashMap<>(position.parallel());
            parallel.put(name, branch);
            position = position.with(parallel);
            host.finishedParallel(position);
        }
        return result;
    }

    private static boolean isValue(@Nullable Object value) {
        return value != null
                && !AgentState.MARK_FOR_REMOVAL.equals(value)
                && !AgentState.MARK_FOR_RESET.equals(value);
    }

    private @Nullable Branch finishedBranch(String name) {
        synchronized (keeping) {
            return position.parallel().get(name);
        }
    }

    /// Stops a graph that loops forever.
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

    /// The number of steps that had finished before.
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

    /// Sets the position of the graph, after a step.
    void at(String step, String next, Map<String, Object> state) {
        synchronized (keeping) {
            position = new Checkpoint(workflow.name(), step, next, finished(), state, Map.of());
        }
    }

    /// Stores the position.
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
            branches.add(branch);
        }
        branch.start();
    }

    /// The first failure, which stopped the graph; later failures follow from it.
    ///
    /// @param seen the exception from the graph
    Throwable cause(RuntimeException seen) {
        synchronized (lock) {
            if (failure != null) {
                return failure;
            }
        }
        // The run's thread was interrupted while it waited for parallel steps, which do not know it
        // yet; the graph wraps that as its own failure.
        Throwable cause = seen;
        while (cause != null && !(cause instanceof InterruptedException)) {
            cause = cause.getCause();
        }
        return cause == null ? seen : cause;
    }

    /// Stops the steps that still run in parallel with the failed one, and waits for them.
    void end() {
        List<Thread> running;
        synchronized (lock) {
            running = List.copyOf(branches);
        }
        running.forEach(Thread::interrupt);
        boolean interrupted = false;
        for (Thread each : running) {
            while (each.isAlive()) {
                try {
                    each.join();
                } catch (InterruptedException e) {
                    interrupted = true; // the steps are stopping already
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
