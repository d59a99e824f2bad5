package dev.antiphon.time;

import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// What passes, what runs at the same time, and what is left to chance.
///
/// An interface because the simulation drives the worker with a clock, threads and dice of its own. Whatever waits
/// for a time must wait here; waiting for another thread (locks, conditions, futures, queues) is fine as it is.
public interface Time extends InstantSource {

    static Time system() {
        return new SystemTime();
    }

    /// Nanoseconds since some moment; never goes back. Only differences mean something.
    long nanoTime();

    /// Blocks for this long; zero or less returns at once.
    ///
    /// @throws InterruptedException when interrupted before or meanwhile
    void sleep(long nanos) throws InterruptedException;

    /// Runs a task in this many nanoseconds, on some thread; it must not block.
    void after(long nanos, Runnable task);

    /// As {@link Condition#awaitNanos}; the caller holds `lock`.
    ///
    /// @return what is left of `nanos`, zero or less when it is over
    long await(ReentrantLock lock, Condition changed, long nanos) throws InterruptedException;

    /// Blocks until the stage is complete.
    ///
    /// @throws TimeoutException when that takes longer than `most`; the stage is left as it is
    /// @throws ExecutionException when it failed, with its failure as the cause
    <T> T get(CompletionStage<T> stage, Duration most)
            throws InterruptedException, ExecutionException, TimeoutException;

    /// Blocks until the thread has ended, at most this long.
    void join(Thread thread, Duration most) throws InterruptedException;

    /// Makes a virtual thread, not started.
    Thread thread(String name, Runnable body);

    /// Makes a thread of the platform, not started: a busy carrier pool does not hold it up. Does not keep the
    /// process alive.
    Thread steadyThread(String name, Runnable body);

    /// A duration from three to five quarters of this one, so that processes do not all do the same at the same moment.
    Duration about(Duration duration);
}
