package dev.antiphon.gateway.stream;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;

/// A loop that runs when the test says so, and a clock that the test moves.
final class ManualLoop implements Loop {

    private static final int MOST_TASKS = 100_000;

    private final Queue<Runnable> tasks = new ArrayDeque<>();
    private long now = 1_000_000_000_000L;

    @Override
    public synchronized void execute(Runnable task) {
        tasks.add(task);
    }

    @Override
    public long nanoTime() {
        return now;
    }

    /// Runs all waiting tasks and those that they add. Fails when that never ends.
    void settle() {
        for (int ran = 0; ran < MOST_TASKS; ran++) {
            Runnable next;
            synchronized (this) {
                next = tasks.poll();
            }
            if (next == null) {
                return;
            }
            next.run();
        }
        throw new AssertionError("it goes round in circles");
    }

    /// Runs the oldest waiting task, if any.
    void step() {
        Runnable next;
        synchronized (this) {
            next = tasks.poll();
        }
        if (next != null) {
            next.run();
        }
    }

    int waiting() {
        return tasks.size();
    }

    void pass(Duration time) {
        now += time.toNanos();
    }
}
