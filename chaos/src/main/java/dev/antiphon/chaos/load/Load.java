package dev.antiphon.chaos.load;

import dev.antiphon.chaos.history.HistoryWriter;
import dev.antiphon.chaos.system.DirectRedis;
import dev.antiphon.chaos.system.SystemUnderTest;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.DoubleSupplier;

/// All sessions of a run, started evenly over its time.
public final class Load implements AutoCloseable {

    private static final int MOST_AT_ONCE = 300;
    private static final int MOST_MESSAGES = 5;
    private static final Duration LOOK_EVERY = Duration.ofMillis(100);

    /// How far the load can be ahead of the faults, as a share of the run.
    private static final double MOST_AHEAD = 0.1;

    private final Conversation.SharedParts run;
    private final long seed;
    private final int answers;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final AtomicInteger done = new AtomicInteger();
    private volatile boolean begunAll;
    private volatile int begun;

    /// Prepares a load.
    ///
    /// @param answers how many messages in all
    public Load(
            SystemUnderTest system,
            DirectRedis redis,
            HistoryWriter history,
            Tracker tracker,
            Calm calm,
            long seed,
            int answers) {
        this.run =
                new Conversation.SharedParts(
                        system.gateways(),
                        redis,
                        history,
                        tracker,
                        calm,
                        new GatewayClient(history));
        this.seed = seed;
        this.answers = answers;
    }

    /// Starts the sessions over `time`, and none when the faults lag far behind. Returns at once.
    ///
    /// @param faults how much of the smallest mix of faults is done, 0 to 1
    /// @return completes when all sessions are over
    public Future<?> start(Duration time, DoubleSupplier faults) {
        return threads.submit(() -> {
            begin(time, faults);
            return null;
        });
    }

    private void begin(Duration time, DoubleSupplier faults)
            throws InterruptedException, ExecutionException {
        SplittableRandom random = new SplittableRandom(seed);
        Semaphore room = new Semaphore(MOST_AT_ONCE);
        long start = System.nanoTime();
        int left = answers;
        List<Future<?>> sessions = new ArrayList<>();
        for (int number = 1; left > 0; number++) {
            int messages = Math.min(left, random.nextInt(1, MOST_MESSAGES + 1));
            double at = 1 - (double) left / answers;
            left -= messages;
            while (System.nanoTime() - start < at * time.toNanos()
                    || at > faults.getAsDouble() + MOST_AHEAD) {
                Thread.sleep(LOOK_EVERY);
            }
            room.acquire();
            begun = number;
            var conversation =
                    new Conversation(
                            run, "chaos_" + seed + "_s" + number, messages, random.split());
            sessions.add(
                    threads.submit(() -> {
                        try {
                            conversation.live();
                            done.addAndGet(messages);
                        } finally {
                            room.release();
                        }
                        return null;
                    }));
        }
        begunAll = true;
        for (Future<?> each : sessions) {
            each.get();
        }
    }

    /// Whether the last session has begun.
    public boolean hasBegunAll() {
        return begunAll;
    }

    /// The number of sessions that have begun.
    public int sessions() {
        return begun;
    }

    /// The number of answers of finished sessions.
    public int done() {
        return done.get();
    }

    @Override
    public void close() {
        threads.shutdownNow();
        threads.close();
        run.client().close();
    }
}
