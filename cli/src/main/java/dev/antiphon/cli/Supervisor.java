package dev.antiphon.cli;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/// Starts the processes of one `up`, notices when one of them dies, and stops them in reverse order.
final class Supervisor implements AutoCloseable {
    private final PrintStream out;
    private final Consumer<List<Long>> recordProcesses;
    private final CompletableFuture<String> death = new CompletableFuture<>();

    // Guarded by this: what to stop, group by group, the last one first; and what has come to
    // serve.
    private final List<List<Child>> groups = new ArrayList<>();
    private final List<Child> serving = new ArrayList<>();
    private boolean closing;

    /// @param recordProcesses told the ids of all processes that serve whenever there is one more
    Supervisor(PrintStream out, Consumer<List<Long>> recordProcesses) {
        this.out = out;
        this.recordProcesses = recordProcesses;
    }

    /// Starts the children of all groups side by side and prints each one's line once it serves, in
    /// the order given. On failure others may run on: [#close()] stops them.
    void start(List<List<Child>> newGroups) {
        synchronized (this) {
            if (closing) {
                throw new StartException("stopped");
            }
            // Before any of them starts, so that a close in the middle of it misses none.
            groups.addAll(newGroups);
        }
        List<Child> children = newGroups.stream().flatMap(List::stream).toList();
        try (ExecutorService starts = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<String>> lines =
                    children.stream().map(child -> starts.submit(child::start)).toList();
            for (int i = 0; i < lines.size(); i++) {
                String line = lines.get(i).get();
                serves(children.get(i), line);
            }
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException cause
                    ? cause
                    : new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    private synchronized void serves(Child child, String line) {
        if (closing) {
            return;
        }
        serving.add(child);
        recordProcesses.accept(serving.stream().map(Child::pid).toList());
        out.println(line);
        var _ = child.onExit().thenAccept(code -> died(child, code));
    }

    private synchronized void died(Child child, int exitCode) {
        if (!closing) {
            death.complete(
                    "%s (pid %d) died with exit code %d"
                            .formatted(child.name(), child.pid(), exitCode));
        }
    }

    /// Whether a stop is under way, so that what fails now fails because of it.
    synchronized boolean isClosing() {
        return closing;
    }

    /// Waits until one of the processes dies by itself, and says which one and how.
    String awaitDeath() throws InterruptedException {
        try {
            return death.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    /// Stops the groups in reverse order, the processes of one group at the same time, and returns
    /// when all have ended. Harmless when called again.
    @Override
    public void close() {
        List<List<Child>> toStop;
        synchronized (this) {
            closing = true;
            toStop = List.copyOf(groups).reversed();
        }
        for (List<Child> group : toStop) {
            try (ExecutorService stops = Executors.newVirtualThreadPerTaskExecutor()) {
                group.forEach(child -> stops.execute(child::stop));
            }
        }
    }
}
