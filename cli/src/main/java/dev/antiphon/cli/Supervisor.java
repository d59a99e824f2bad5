package dev.antiphon.cli;

import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/// Starts the processes of one `up`, restarts those that die, and stops all in reverse order.
final class Supervisor implements AutoCloseable {
    private final PrintStream out;
    private final PrintStream errors;
    private final Consumer<Map<String, Long>> recordProcesses;
    private final CountDownLatch closing = new CountDownLatch(1);

    // Guarded by this: the processes to stop, group by group, the last group first; and the
    // processes that serve.
    private final List<List<Child>> groups = new ArrayList<>();
    private final Set<Child> serving = new LinkedHashSet<>();

    /// @param out for a line about each process that serves
    /// @param errors for a line about each process that dies
    /// @param recordProcesses called with the ids of all serving processes whenever there is another one
    Supervisor(PrintStream out, PrintStream errors, Consumer<Map<String, Long>> recordProcesses) {
        this.out = out;
        this.errors = errors;
        this.recordProcesses = recordProcesses;
    }

    /// Starts the children of all groups in parallel and prints each child's line when it serves, in the given order.
    /// From then on a child that dies is restarted. After a failure others can still run: [#close()] stops them.
    void start(List<List<Child>> newGroups) {
        synchronized (this) {
            if (isClosing()) {
                throw new StartException("stopped");
            }
            // Before any of them starts, so that a concurrent close misses none.
            groups.addAll(newGroups);
        }
        List<Child> children = newGroups.stream().flatMap(List::stream).toList();
        try (ExecutorService starts = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<String>> lines =
                    children.stream().map(child -> starts.submit(child::start)).toList();
            for (int i = 0; i < lines.size(); i++) {
                String line = lines.get(i).get();
                serves(children.get(i), line);
                keep(children.get(i));
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
        if (isClosing()) {
            return;
        }
        serving.add(child);
        out.println(line);
        try {
            Map<String, Long> pids = new LinkedHashMap<>();
            serving.forEach(each -> pids.put(each.name(), each.pid()));
            recordProcesses.accept(pids);
        } catch (UncheckedIOException e) {
            // Only the next `up` after a kill of this one needs the file: no reason to stop
            // running processes.
            errors.println("cannot record the running processes: " + e.getMessage());
        }
    }

    private void keep(Child child) {
        Thread.ofVirtual()
                .name("keeper-" + child.name())
                .start(new Keeper(child, errors, closing, this::serves));
    }

    /// Whether a stop is in progress, so that failures from now on are its consequences.
    boolean isClosing() {
        return closing.getCount() == 0;
    }

    /// Stops the groups in reverse order, the processes of one group at the same time, and returns when all have ended.
    /// Has no effect when called again.
    @Override
    public void close() {
        List<List<Child>> toStop;
        synchronized (this) {
            closing.countDown();
            toStop = List.copyOf(groups).reversed();
        }
        for (List<Child> group : toStop) {
            try (ExecutorService stops = Executors.newVirtualThreadPerTaskExecutor()) {
                group.forEach(child -> stops.execute(child::stop));
            }
        }
    }
}
