package dev.antiphon.worker.workflow;

import dev.antiphon.protocol.ErrorCode;

import org.bsc.langgraph4j.RunnableConfig;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
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

    Execution(CompiledWorkflow workflow, RunHost host, @Nullable Checkpoint from) {
        this.workflow = workflow;
        this.host = host;
        this.from = from;
        this.steps = from == null ? 0 : from.steps();
        this.base = steps;
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
            StepRun run = host.step(name + '.' + base(), Thread.currentThread() != thread);
            return CompletableFuture.completedFuture(step.run(state, run));
        } catch (Throwable e) { // kept for whoever runs the workflow; the graph only needs to stop
            fail(e);
            return CompletableFuture.failedFuture(e);
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

    /// Keeps the state after a step.
    void finished(String step, String next, Map<String, Object> state) throws InterruptedException {
        try {
            host.finished(new Checkpoint(workflow.name(), step, next, finished(), state));
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
