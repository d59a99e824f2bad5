package dev.antiphon.backplane.doorbell;

import dev.antiphon.time.Time;

import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// A clock that the test moves, on the test's thread. Nothing can block on it.
final class HandTime implements Time {

    private record Task(long at, Runnable body) {}

    private final PriorityQueue<Task> tasks =
            new PriorityQueue<>(Comparator.comparingLong(Task::at));
    private long now = 1;

    void pass(Duration duration) {
        now += duration.toNanos();
        while (!tasks.isEmpty() && tasks.element().at() <= now) {
            tasks.remove().body().run();
        }
    }

    @Override
    public long nanoTime() {
        return now;
    }

    @Override
    public void after(long nanos, Runnable task) {
        tasks.add(new Task(now + nanos, task));
    }

    @Override
    public Instant instant() {
        return Instant.EPOCH.plusNanos(now);
    }

    @Override
    public Duration about(Duration duration) {
        return duration;
    }

    @Override
    public void sleep(long nanos) {
        throw new AssertionError("nothing sleeps");
    }

    @Override
    public long await(ReentrantLock lock, Condition changed, long nanos) {
        throw new AssertionError("nothing waits");
    }

    @Override
    public <T> T get(CompletionStage<T> stage, Duration most) {
        throw new AssertionError("nothing waits");
    }

    @Override
    public void join(Thread thread, Duration most) {
        throw new AssertionError("there are no threads");
    }

    @Override
    public Thread thread(String name, Runnable body) {
        throw new AssertionError("there are no threads");
    }

    @Override
    public Thread steadyThread(String name, Runnable body) {
        throw new AssertionError("there are no threads");
    }
}
