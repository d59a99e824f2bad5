package dev.antiphon.simulation;

import dev.antiphon.time.Time;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/// One process: its time and its threads. When it is killed, none of its code runs again; when it is paused, all due
/// events happen when it is resumed.
final class Host implements Time {

    private static final Instant EPOCH = Instant.parse("2026-01-01T00:00:00Z");
    private static final long JOIN_STEP = Duration.ofMillis(10).toNanos();

    private enum State {
        RUNNING,
        PAUSED,
        DEAD
    }

    private final String name;
    private final Scheduler scheduler;
    private final Consumer<Throwable> broken;
    private final List<Runnable> heldBack = new ArrayList<>();
    private State state = State.RUNNING;

    /// When it stopped running, if it does not run.
    private long stoppedAt;

    /// @param broken receives the uncaught exceptions of its threads
    Host(String name, Scheduler scheduler, Consumer<Throwable> broken) {
        this.name = name;
        this.scheduler = scheduler;
        this.broken = broken;
    }

    String name() {
        return name;
    }

    boolean isDead() {
        return state == State.DEAD;
    }

    boolean isRunning() {
        return state == State.RUNNING;
    }

    /// The last moment at which its code could run; now, while it runs.
    long ranUntil() {
        return state == State.RUNNING ? scheduler.now() : stoppedAt;
    }

    void kill() {
        stoppedAt = ranUntil();
        state = State.DEAD;
        heldBack.clear();
    }

    void pause() {
        if (state == State.RUNNING) {
            stoppedAt = scheduler.now();
            state = State.PAUSED;
        }
    }

    void resume() {
        if (state == State.PAUSED) {
            state = State.RUNNING;
            List<Runnable> all = List.copyOf(heldBack);
            heldBack.clear();
            all.forEach(task -> scheduler.at(scheduler.now(), () -> run(task)));
        }
    }

    /// Runs an event inside this process: now, when it is resumed, or never.
    void run(Runnable task) {
        switch (state) {
            case RUNNING -> {
                try {
                    task.run();
                } catch (RuntimeException | AssertionError e) {
                    broken.accept(e);
                }
            }
            case PAUSED -> heldBack.add(task);
            case DEAD -> {}
        }
    }

    void execute(Runnable task) {
        scheduler.after(0, () -> run(task));
    }

    @Override
    public Instant instant() {
        return EPOCH.plusNanos(scheduler.now());
    }

    @Override
    public long nanoTime() {
        return scheduler.now();
    }

    @Override
    public void after(long nanos, Runnable task) {
        scheduler.after(nanos, () -> run(task));
    }

    @Override
    public void sleep(long nanos) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        if (nanos <= 0) {
            return;
        }
        Alarm alarm = alarm(nanos);
        while (!alarm.rung) {
            LockSupport.park(this);
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
        }
    }

    /// Like {@link #sleep} for calls that cannot be interrupted.
    void outwait(long nanos) {
        boolean interrupted = Thread.interrupted();
        Alarm alarm = alarm(nanos);
        while (!alarm.rung) {
            LockSupport.park(this);
            interrupted |= Thread.interrupted();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private Alarm alarm(long nanos) {
        Alarm alarm = new Alarm();
        Thread sleeper = Thread.currentThread();
        after(
                nanos,
                () -> {
                    alarm.rung = true;
                    LockSupport.unpark(sleeper);
                });
        return alarm;
    }

    private static final class Alarm {
        private boolean rung;
    }

    @Override
    @SuppressWarnings("WaitNotInLoop") // the caller has the loop
    public long await(ReentrantLock lock, Condition changed, long nanos)
            throws InterruptedException {
        long end = scheduler.now() + nanos;
        after(
                nanos,
                () -> {
                    lock.lock();
                    try {
                        changed.signalAll();
                    } finally {
                        lock.unlock();
                    }
                });
        changed.await();
        return end - scheduler.now();
    }

    @Override
    public <T> T get(CompletionStage<T> stage, Duration most)
            throws InterruptedException, ExecutionException, TimeoutException {
        CompletableFuture<T> copy = stage.toCompletableFuture().copy();
        TimeoutException late = new TimeoutException();
        after(most.toNanos(), () -> copy.completeExceptionally(late));
        try {
            return copy.get();
        } catch (ExecutionException e) {
            if (late.equals(e.getCause())) {
                throw late;
            }
            throw e;
        }
    }

    @Override
    public void join(Thread thread, Duration most) throws InterruptedException {
        long end = scheduler.now() + most.toNanos();
        while (thread.isAlive() && scheduler.now() < end) {
            sleep(JOIN_STEP);
        }
    }

    @Override
    public Thread thread(String threadName, Runnable body) {
        long serial = scheduler.nextSerial();
        long[] times = {0};
        return VirtualThreads.unstarted(
                threadName,
                step -> {
                    times[0]++;
                    scheduler.again(serial, times[0], () -> run(step));
                },
                () -> {
                    try {
                        body.run();
                    } catch (RuntimeException | AssertionError e) {
                        broken.accept(e);
                    }
                });
    }

    @Override
    public Thread steadyThread(String threadName, Runnable body) {
        return thread(threadName, body);
    }

    @Override
    public Duration about(Duration duration) {
        long nanos = duration.toNanos();
        return Duration.ofNanos(scheduler.random().nextLong(nanos * 3 / 4, nanos * 5 / 4));
    }
}
