package dev.antiphon.engine.run;

import dev.antiphon.backplane.Unavailable;
import dev.antiphon.backplane.queue.Delivery;
import dev.antiphon.backplane.queue.RequestQueue;
import dev.antiphon.time.Time;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/// Pulls deliveries, never more than this worker has slots for, and gives each its own virtual thread. Further
/// deliveries wait in JetStream, where any worker can take them.
public final class Deliveries implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Deliveries.class);

    /// How long one pull stays open at the server; the next one asks for the slots that have become free since then.
    /// When this process is paused, its last pull ends before its lease, which lives for at least 2 s more: so the
    /// server gives it none of the requests that its survivors publish again.
    private static final Duration PULL = Duration.ofMillis(1_500);

    private static final Duration PAUSE_WHEN_AWAY = Duration.ofMillis(500);

    /// How often a worker with an expired lease checks whether it is renewed.
    private static final Duration LOOK_AT_LEASE = Duration.ofMillis(100);

    /// Each run releases its claim, which takes one call to Redis of at most a second.
    private static final Duration HAND_OVER_WITHIN = Duration.ofSeconds(5);

    /// A third of the server's ack wait, so that two can be lost.
    private static final Duration IN_PROGRESS_EVERY = Duration.ofSeconds(10);

    private final RequestQueue queue;
    private final SessionRunner runner;
    private final LeaseKeeper lease;
    private final Time time;
    private final Semaphore room;
    private final Thread puller;
    private final Thread progress;

    /// The runs in progress, at most as many as there are slots.
    private final Set<Thread> runs = ConcurrentHashMap.newKeySet();

    /// Deliveries that are not settled yet, guarded like {@link #runs}.
    private final Set<Delivery> unsettled = ConcurrentHashMap.newKeySet();

    private final Duration grace;

    private Deliveries(
            RequestQueue queue,
            SessionRunner runner,
            LeaseKeeper lease,
            int concurrency,
            Duration grace,
            Time time) {
        this.grace = grace;
        this.queue = queue;
        this.runner = runner;
        this.lease = lease;
        this.time = time;
        this.room = new Semaphore(concurrency);
        this.puller = time.thread("pull", this::pull);
        this.progress = time.thread("in-progress", this::tellProgress);
    }

    /// Starts to pull.
    ///
    /// @param concurrency how many sessions this worker serves at once, at least 1
    /// @param grace how long runs can continue after close; zero or more
    public static Deliveries open(
            RequestQueue queue,
            SessionRunner runner,
            LeaseKeeper lease,
            int concurrency,
            Duration grace,
            Time time) {
        Deliveries deliveries = new Deliveries(queue, runner, lease, concurrency, grace, time);
        deliveries.puller.start();
        deliveries.progress.start();
        return deliveries;
    }

    /// The number of deliveries in progress, at most as many as there are slots. Any thread.
    public int underWay() {
        return runs.size();
    }

    private void pull() {
        try {
            while (true) {
                awaitLease();
                room.acquire();
                int free = 1 + room.drainPermits();
                AtomicInteger unused = new AtomicInteger(free);
                try {
                    queue.pull(
                            free,
                            PULL,
                            delivery -> {
                                unused.decrementAndGet();
                                start(delivery);
                            });
                } catch (Unavailable e) {
                    LOG.atDebug()
                            .addKeyValue("reason", e.getMessage())
                            .log("pull failed, retrying");
                    time.sleep(PAUSE_WHEN_AWAY.toNanos());
                } finally {
                    room.release(unused.get());
                }
            }
        } catch (InterruptedException e) { // closing
            queue.stopPulling();
        }
    }

    /// A worker that cannot renew its lease cannot claim either: its deliveries would wait here although another worker
    /// could answer them.
    private void awaitLease() throws InterruptedException {
        while (!lease.isFresh()) {
            time.sleep(LOOK_AT_LEASE.toNanos());
        }
    }

    private void start(Delivery delivery) {
        unsettled.add(delivery);
        Thread run =
                time.thread(
                        "run-" + delivery.request().sequence(),
                        () -> {
                            try {
                                runner.work(delivery);
                            } catch (InterruptedException e) {
                                delivery.retryAfter(Duration.ZERO); // for another worker, at once
                            } finally {
                                unsettled.remove(delivery);
                                runs.remove(Thread.currentThread());
                                room.release();
                            }
                        });
        runs.add(run);
        run.start();
    }

    private void tellProgress() {
        try {
            while (true) {
                time.sleep(IN_PROGRESS_EVERY.toNanos());
                unsettled.forEach(Delivery::inProgress);
            }
        } catch (InterruptedException e) {
            // closing
        }
    }

    /// Stops to pull, lets the answers in progress end within the grace period, and then interrupts the rest. Other
    /// workers continue the sessions at once.
    private void stop() throws InterruptedException {
        puller.interrupt();
        puller.join();
        runner.drain();
        awaitRuns(grace);
        runner.stop();
        runs.forEach(Thread::interrupt);
        awaitRuns(HAND_OVER_WITHIN);
        progress.interrupt();
    }

    private void awaitRuns(Duration most) throws InterruptedException {
        long end = time.nanoTime() + most.toNanos();
        for (Thread run : runs) {
            long left = end - time.nanoTime();
            if (left <= 0) {
                return;
            }
            time.join(run, Duration.ofNanos(left));
        }
    }

    @Override
    public void close() {
        try {
            stop();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
