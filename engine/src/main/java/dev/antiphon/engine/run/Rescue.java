package dev.antiphon.engine.run;

import dev.antiphon.backplane.Unavailable;
import dev.antiphon.backplane.log.Recovery;
import dev.antiphon.backplane.log.Recovery.Orphan;
import dev.antiphon.backplane.log.Recovery.Overdue;
import dev.antiphon.backplane.log.Recovery.Stray;
import dev.antiphon.backplane.log.SessionLog;
import dev.antiphon.backplane.queue.RequestQueue;
import dev.antiphon.engine.run.Counters.Count;
import dev.antiphon.protocol.WorkerId;
import dev.antiphon.protocol.WorkflowRequest;
import dev.antiphon.time.Time;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;

/// Repairs what dead processes left: runs of dead workers, messages without a worker, and finished requests that are
/// still stored. It only publishes requests again, releases claims without an owner and purges finished requests; the
/// claim decides which worker runs a message.
public final class Rescue implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Rescue.class);

    /// A lease lives 3 s, so a death is noticed within 3.5 s.
    private static final Duration LOOK_FOR_DEAD = Duration.ofMillis(500);

    private static final Duration SWEEP = Duration.ofSeconds(2);

    /// Such claims come from a Redis that lost its last writes; a request that meets one is postponed by 10 s anyway.
    private static final Duration LOOK_FOR_STRAYS = Duration.ofSeconds(5);

    private static final Duration PURGE = Duration.ofMinutes(1);

    /// When Redis pauses, every lease expires. So for this long after our own lease was renewed in time again, all
    /// workers count as alive.
    static final Duration STEADY = Duration.ofSeconds(5);

    private static final int MAX_SWEPT_AT_ONCE = 100;

    private final Recovery recovery;
    private final SessionLog log;
    private final SessionRunner runner;
    private final RequestQueue queue;
    private final LeaseKeeper lease;
    private final WorkerId self;
    private final Time time;
    private final Counters counters;
    private final Thread dead;
    private final Thread overdue;
    private final Thread strays;
    private final Thread done;

    private Rescue(
            Recovery recovery,
            SessionLog log,
            SessionRunner runner,
            RequestQueue queue,
            LeaseKeeper lease,
            WorkerId self,
            Time time,
            Counters counters) {
        this.recovery = recovery;
        this.log = log;
        this.runner = runner;
        this.queue = queue;
        this.lease = lease;
        this.self = self;
        this.time = time;
        this.counters = counters;
        this.dead = every("rescue-dead", LOOK_FOR_DEAD, this::takeOver);
        this.overdue = every("rescue-overdue", SWEEP, this::sweep);
        this.strays = every("rescue-strays", LOOK_FOR_STRAYS, this::giveBack);
        this.done = every("rescue-done", PURGE, this::purge);
    }

    public static Rescue open(
            Recovery recovery,
            SessionLog log,
            SessionRunner runner,
            RequestQueue queue,
            LeaseKeeper lease,
            WorkerId self,
            Time time,
            Counters counters) {
        Rescue rescue = new Rescue(recovery, log, runner, queue, lease, self, time, counters);
        rescue.dead.start();
        rescue.overdue.start();
        rescue.strays.start();
        rescue.done.start();
        return rescue;
    }

    /// One round of checks; a server can be unavailable.
    private interface Look {
        void look() throws InterruptedException;
    }

    private Thread every(String name, Duration pause, Look look) {
        return time.thread(
                name,
                () -> {
                    try {
                        while (true) {
                            time.sleep(time.about(pause).toNanos());
                            lookOnce(look);
                        }
                    } catch (InterruptedException e) {
                        // closing
                    }
                });
    }

    private static void lookOnce(Look look) throws InterruptedException {
        try {
            look.look();
        } catch (Unavailable | CompletionException e) {
            LOG.atDebug().addKeyValue("reason", e.getMessage()).log("check failed, retrying later");
        }
    }

    private void takeOver() throws InterruptedException {
        if (!lease.steadyFor(STEADY)) {
            return;
        }
        for (WorkerId worker : answer(recovery.workers())) {
            if (!worker.equals(self)) {
                for (Orphan orphan : answer(recovery.orphans(worker))) {
                    LOG.atInfo()
                            .addKeyValue("from", worker)
                            .addKeyValue("session", orphan.request().sessionId())
                            .addKeyValue("message", orphan.request().messageId())
                            .log("lease of a worker expired, its run is free");
                    publishAgain(orphan.request(), orphan.occasion());
                    counters.add(Count.RESCUED);
                }
            }
        }
    }

    /// While requests wait for a worker, an overdue message is probably one of them: more copies would only lengthen
    /// the queue.
    private void sweep() throws InterruptedException {
        if (!lease.steadyFor(STEADY) || queue.waiting() > 0) {
            return;
        }
        Optional<Overdue> found = answer(recovery.sweep());
        for (int i = 0; i < MAX_SWEPT_AT_ONCE && found.isPresent(); i++) {
            Overdue overdueRun = found.get();
            if (overdueRun.isParked()) {
                runner.giveUpWaiting(overdueRun.request());
            } else {
                LOG.atInfo()
                        .addKeyValue("session", overdueRun.request().sessionId())
                        .addKeyValue("message", overdueRun.request().messageId())
                        .addKeyValue("times", overdueRun.times())
                        .log("message without a worker, publishing it again");
                publishAgain(overdueRun.request(), overdueRun.occasion());
                counters.add(Count.SWEPT);
            }
            found = answer(recovery.sweep());
        }
    }

    /// Releases claims of this worker that none of its runs has.
    private void giveBack() throws InterruptedException {
        for (Stray stray : answer(recovery.strays(self, runner::isAt))) {
            // A run that ended during this check leaves a token that no run has any more; a run
            // that began since then has another token. So a claim that is released here belongs to
            // no run.
            if (!runner.isAt(stray.session())
                    && answer(log.release(stray.session(), stray.message(), stray.token()))) {
                counters.add(Count.GIVEN_BACK);
                LOG.atWarn()
                        .addKeyValue("session", stray.session())
                        .addKeyValue("message", stray.message())
                        .log(
                                "released an unknown claim of this worker; Redis may have lost writes");
            }
        }
    }

    private void purge() {
        long purged = queue.purgeDone();
        if (purged > 0) {
            counters.add(Count.PURGED, purged);
            LOG.atInfo().addKeyValue("requests", purged).log("purged finished requests");
        }
    }

    private void publishAgain(WorkflowRequest request, String occasion)
            throws InterruptedException {
        answer(queue.publishAgain(request, occasion));
    }

    private static <T> T answer(CompletionStage<T> stage) throws InterruptedException {
        try {
            return stage.toCompletableFuture().get();
        } catch (ExecutionException e) {
            throw new CompletionException(e.getCause());
        }
    }

    @Override
    public void close() {
        dead.interrupt();
        overdue.interrupt();
        strays.interrupt();
        done.interrupt();
    }
}
