package dev.antiphon.tools.mcp;

import dev.antiphon.time.Time;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// The system's time, with waits for futures limited to the test's choice.
record HurriedTime(Time time, Duration patience) implements Time {

    @Override
    public <T> T get(CompletionStage<T> stage, Duration most)
            throws InterruptedException, ExecutionException, TimeoutException {
        return time.get(stage, most.compareTo(patience) < 0 ? most : patience);
    }

    @Override
    public Instant instant() {
        return time.instant();
    }

    @Override
    public long nanoTime() {
        return time.nanoTime();
    }

    @Override
    public void sleep(long nanos) throws InterruptedException {
        time.sleep(nanos);
    }

    @Override
    public void after(long nanos, Runnable task) {
        time.after(nanos, task);
    }

    @Override
    public long await(ReentrantLock lock, Condition changed, long nanos)
            throws InterruptedException {
        return time.await(lock, changed, nanos);
    }

    @Override
    public void join(Thread thread, Duration most) throws InterruptedException {
        time.join(thread, most);
    }

    @Override
    public Thread thread(String name, Runnable body) {
        return time.thread(name, body);
    }

    @Override
    public Thread steadyThread(String name, Runnable body) {
        return time.steadyThread(name, body);
    }

    @Override
    public Duration about(Duration duration) {
        return time.about(duration);
    }
}
