package dev.antiphon.time;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// The clock, threads and random numbers of the JDK.
final class SystemTime implements Time {

    @Override
    public Instant instant() {
        return Instant.now();
    }

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public void sleep(long nanos) throws InterruptedException {
        TimeUnit.NANOSECONDS.sleep(nanos);
    }

    @Override
    public void after(long nanos, Runnable task) {
        CompletableFuture.delayedExecutor(nanos, TimeUnit.NANOSECONDS).execute(task);
    }

    @Override
    @SuppressWarnings("WaitNotInLoop") // the caller has the loop
    public long await(ReentrantLock lock, Condition changed, long nanos)
            throws InterruptedException {
        return changed.awaitNanos(nanos);
    }

    @Override
    public <T> T get(CompletionStage<T> stage, Duration most)
            throws InterruptedException, ExecutionException, TimeoutException {
        return stage.toCompletableFuture().get(most.toNanos(), TimeUnit.NANOSECONDS);
    }

    @Override
    public void join(Thread thread, Duration most) throws InterruptedException {
        var _ = thread.join(most);
    }

    @Override
    public Thread thread(String name, Runnable body) {
        return Thread.ofVirtual().name(name).unstarted(body);
    }

    @Override
    public Thread steadyThread(String name, Runnable body) {
        return Thread.ofPlatform().name(name).daemon().unstarted(body);
    }

    @Override
    public Duration about(Duration duration) {
        long nanos = duration.toNanos();
        return Duration.ofNanos(ThreadLocalRandom.current().nextLong(nanos * 3 / 4, nanos * 5 / 4));
    }
}
