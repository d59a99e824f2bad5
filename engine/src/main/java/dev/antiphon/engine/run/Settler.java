package dev.antiphon.engine.run;

import dev.antiphon.backplane.Unavailable;
import dev.antiphon.backplane.history.History;
import dev.antiphon.engine.run.Counters.Count;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.time.Time;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;

/// Stores ended answers in the history, on its own threads, so that an unavailable or slow history takes no slot from
/// the runs.
///
/// Redis records the sessions that are not yet stored. So this queue can drop sessions, and so can a worker that dies:
/// any worker finds them in Redis.
public final class Settler implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Settler.class);

    /// Fewer than the database connections of a process, so that readers of conversations get the others.
    private static final int THREADS = 4;

    /// Sessions beyond this number are found in Redis later.
    private static final int MOST_WAITING = 10_000;

    private static final Duration LOOK_EVERY = Duration.ofSeconds(5);

    /// Sessions that one check takes over from Redis.
    private static final int MOST_FOUND = 100;

    /// How long a thread pauses when the history is unavailable.
    private static final Duration PAUSE = Duration.ofSeconds(1);

    private final History history;
    private final Time time;
    private final Counters counters;
    private final BlockingQueue<SessionId> waiting = new LinkedBlockingQueue<>(MOST_WAITING);

    /// The content of the queue, so that a session is in it only once.
    private final Set<SessionId> known = ConcurrentHashMap.newKeySet();

    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean unavailable;

    private Settler(History history, Time time, Counters counters) {
        this.history = history;
        this.time = time;
        this.counters = counters;
        for (int i = 0; i < THREADS; i++) {
            threads.add(time.thread("settle-" + i, this::settleAll));
        }
        threads.add(time.thread("settle-look", this::look));
    }

    public static Settler open(History history, Time time, Counters counters) {
        Settler settler = new Settler(history, time, counters);
        settler.threads.forEach(Thread::start);
        return settler;
    }

    /// Stores a session's history up to its last ended message, later. Never blocks; any thread.
    void soon(SessionId session) {
        if (known.add(session) && !waiting.offer(session)) {
            known.remove(session);
        }
    }

    private void settleAll() {
        try {
            while (true) {
                SessionId session = waiting.take();
                known.remove(session); // an answer that ends from now on is stored again
                settle(session);
            }
        } catch (InterruptedException e) {
            // closing
        }
    }

    private void settle(SessionId session) throws InterruptedException {
        try {
            history.settle(session).toCompletableFuture().get();
            available();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Unavailable reason) {
                unavailable(reason);
                soon(session);
                time.sleep(PAUSE.toNanos());
            } else {
                incomplete(session, e.getCause(), counters);
            }
        }
    }

    /// Reports that a session's log could not be stored completely in the history.
    static void incomplete(SessionId session, @Nullable Throwable cause, Counters counters) {
        counters.add(Count.HISTORY_INCOMPLETE);
        LOG.atError().addKeyValue("session", session).setCause(cause).log("history is incomplete");
    }

    private void unavailable(Unavailable reason) {
        counters.add(Count.SETTLED_LATER);
        if (!unavailable) {
            unavailable = true;
            LOG.atWarn()
                    .addKeyValue("reason", reason.getMessage())
                    .log("history unavailable, retrying; answers continue");
        }
    }

    private void available() {
        if (unavailable) {
            unavailable = false;
            LOG.atInfo().log("history available again");
        }
    }

    private void look() {
        try {
            while (true) {
                time.sleep(time.about(LOOK_EVERY).toNanos());
                lookOnce();
            }
        } catch (InterruptedException e) {
            // closing
        }
    }

    private void lookOnce() throws InterruptedException {
        try {
            List<SessionId> found;
            do {
                found = history.unsettledSessions(MOST_FOUND).toCompletableFuture().get();
                found.forEach(this::soon);
            } while (found.size() == MOST_FOUND && waiting.remainingCapacity() > MOST_FOUND);
        } catch (ExecutionException e) {
            LOG.atDebug().addKeyValue("reason", e.getCause()).log("check failed, retrying later");
        }
    }

    @Override
    public void close() {
        threads.forEach(Thread::interrupt);
    }
}
