package dev.antiphon.time;

import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Clock, threads and random numbers. Thread-safe.
///
/// An interface, because the simulation runs the worker with its own clock, threads and random numbers. Code that waits
/// for a time must wait through this interface; code that waits for another thread (locks, conditions, futures, queues)
/// need not.
public interface Time extends InstantSource {

    /// The clock, threads and random numbers of the JDK.
    static Time system() {
        return new SystemTime();
    }

    /// Nanoseconds since an arbitrary moment; never decreases. Only differences have a meaning.
    long nanoTime();

    /// Blocks for this many nanoseconds; returns at once for zero or less.
    ///
    /// @throws InterruptedException when the thread was interrupted before or during the wait
    void sleep(long nanos) throws InterruptedException;

    /// Runs a task after this many nanoseconds, on an arbitrary thread. The task must not block.
    void after(long nanos, Runnable task);

    /// Waits like {@link Condition#awaitNanos}. The caller holds `lock`.
    ///
    /// @return what is left of `nanos`; zero or less when the time has passed
    /// @throws InterruptedException when the thread was interrupted
    long await(ReentrantLock lock, Condition changed, long nanos) throws InterruptedException;

    /// Blocks until the stage is complete.
    ///
    /// @throws InterruptedException when the thread was interrupted
    /// @throws TimeoutException when the stage takes longer than `most`; it continues
    /// @throws ExecutionException when the stage failed; the cause is its failure
    <T> T get(CompletionStage<T> stage, Duration most)
            throws InterruptedException, ExecutionException, TimeoutException;

    /// Blocks until the thread has ended, for at most `most`.
    ///
    /// @throws InterruptedException when the calling thread was interrupted
    void join(Thread thread, Duration most) throws InterruptedException;

    /// Creates a virtual thread, and does not start it.
    Thread thread(String name, Runnable body);

    /// Creates a platform thread, and does not start it. Busy virtual threads do not delay it. It does not keep the
    /// process alive.
    Thread steadyThread(String name, Runnable body);

    /// Returns a random duration from 3/4 to 5/4 of this one, so that processes do not all act at the same moment.
    Duration about(Duration duration);
}
