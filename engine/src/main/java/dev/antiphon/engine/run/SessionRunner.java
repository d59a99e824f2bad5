package dev.antiphon.engine.run;

import dev.antiphon.backplane.doorbell.Notices;
import dev.antiphon.backplane.log.Claim;
import dev.antiphon.backplane.log.Finish;
import dev.antiphon.backplane.log.SessionLog;
import dev.antiphon.backplane.log.Token;
import dev.antiphon.backplane.queue.Delivery;
import dev.antiphon.backplane.queue.RequestQueue;
import dev.antiphon.backplane.queue.StoredRequest;
import dev.antiphon.engine.run.Counters.Count;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.WorkerId;
import dev.antiphon.protocol.WorkflowRequest;
import dev.antiphon.time.Time;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;

/// Handles one delivery: claims and runs the unfinished messages of its session, oldest first, until none is left or
/// another worker has them.
public final class SessionRunner {

    private static final Logger LOG = LoggerFactory.getLogger(SessionRunner.class);

    private static final Duration RELEASE_WITHIN = Duration.ofSeconds(1);

    private final SessionLog log;
    private final Notices notices;
    private final Settler settler;
    private final Intake intake;
    private final RunParts parts;
    private final Acker acker;
    private final WorkerId worker;
    private final Time time;
    private final Retries retries;
    private final Counters counters;

    /// The runs in progress, by session: at most one each, and as many as there are slots.
    private final Map<SessionId, Run> runs = new ConcurrentHashMap<>();

    /// The number of deliveries in progress for each session: as many as there are slots.
    private final Map<SessionId, Integer> sessions = new ConcurrentHashMap<>();

    private volatile boolean draining;
    private volatile boolean stopping;

    public SessionRunner(
            SessionLog log,
            Settler settler,
            Notices notices,
            RequestQueue queue,
            RunParts parts,
            Acker acker,
            WorkerId worker,
            Time time,
            Counters counters) {
        this.log = log;
        this.settler = settler;
        this.notices = notices;
        this.intake = new Intake(log, notices, queue, time, counters, parts.providers());
        this.parts = parts;
        this.acker = acker;
        this.worker = worker;
        this.time = time;
        this.retries = new Retries(time, counters);
        this.counters = counters;
    }

    /// Handles one delivery and settles it. Blocks until the session has no more work for this worker.
    ///
    /// @throws InterruptedException when the process stops; the delivery is not settled then
    void work(Delivery delivery) throws InterruptedException {
        if (delivery.isAgain()) {
            counters.add(Count.REDELIVERED);
        }
        Optional<WorkflowRequest> read = intake.read(delivery);
        if (read.isEmpty()) {
            return;
        }
        SessionId session = read.get().sessionId();
        sessions.merge(session, 1, Integer::sum);
        try {
            work(delivery, read.get());
        } finally {
            sessions.computeIfPresent(session, (_, count) -> count == 1 ? null : count - 1);
        }
    }

    private void work(Delivery delivery, WorkflowRequest request) throws InterruptedException {
        Optional<MessageId> delivered = Optional.of(request.messageId());
        boolean fits = false;
        while (!draining) {
            switch (claim(request.sessionId(), delivered)) {
                case Claim.Claimed claimed -> {
                    fits |= asksTheSame(claimed.request(), request);
                    run(claimed);
                    settler.soon(request.sessionId());
                    delivered = Optional.empty();
                }
                case Claim.Poison(WorkflowRequest poison) -> giveUp(poison, request, delivery);
                case Claim.Unknown _ -> {
                    if (!intake.accept(request, delivery)) {
                        return;
                    }
                    fits = true;
                }
                case Claim.Parked(MessageId parked) -> {
                    if (parked.equals(request.messageId())) {
                        acker.hold(delivery, request.sessionId(), parked);
                    } else {
                        hold(delivery, request, fits);
                    }
                    return;
                }
                case Claim.Busy _ -> {
                    counters.add(Count.BUSY);
                    hold(delivery, request, fits);
                    return;
                }
                case Claim.Idle _ -> {
                    if (!fits) {
                        if (!intake.isOurs(request, delivery)) {
                            return;
                        }
                        fits = true;
                        continue;
                    }
                    acker.hold(delivery, request.sessionId(), request.messageId());
                    return;
                }
            }
        }
        // Other workers can take the rest of the session at once.
        delivery.retryAfter(Duration.ZERO);
    }

    /// The worker that has the session will reach this message by itself. The delivery stays here in case that worker
    /// dies, or Redis loses the message.
    ///
    /// @param fits whether the message is known to belong to this request
    private void hold(Delivery delivery, WorkflowRequest request, boolean fits)
            throws InterruptedException {
        if (fits || intake.isOurs(request, delivery)) {
            acker.hold(delivery, request.sessionId(), request.messageId());
        }
    }

    private static boolean asksTheSame(WorkflowRequest one, WorkflowRequest other) {
        return one.messageId().equals(other.messageId()) && one.digest().equals(other.digest());
    }

    private Claim claim(SessionId session, Optional<MessageId> delivered)
            throws InterruptedException {
        Token token = Token.mint();
        return retries.untilAnswered(() -> log.claim(session, delivered, worker, token));
    }

    /// Runs a claimed message, to its end or until another worker owns it; the next claim shows which.
    private void run(Claim.Claimed claimed) throws InterruptedException {
        SessionId session = claimed.request().sessionId();
        if (claimed.attempt() > 1) {
            counters.add(Count.TAKEN_OVER);
        }
        Run run = new Run(log, notices, parts, time, claimed, counters);
        runs.put(session, run);
        try {
            run.execute();
        } catch (InterruptedException e) {
            if (stopping || !run.isLost()) {
                run.abandon();
                release(claimed);
                counters.add(Count.RELEASED);
                throw e;
            }
        } finally {
            runs.remove(session, run);
            // Losing a run interrupts its thread, before isLost() returns true. The interrupt must
            // not reach the next run.
            if (run.isLost() && !stopping) {
                Thread.interrupted();
            }
        }
    }

    /// Best effort: if Redis does not accept it, the run becomes free when this worker's lease ends.
    private void release(Claim.Claimed claimed) {
        WorkflowRequest request = claimed.request();
        try {
            time.get(
                    log.release(request.sessionId(), request.messageId(), claimed.token()),
                    RELEASE_WITHIN);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            // The caller is already stopping because of its own interrupt.
            LOG.atDebug().setCause(e).log("claim not released; it expires with the lease");
        }
    }

    /// Ends a message that has been started too often, so that it does no further harm to workers.
    private void giveUp(WorkflowRequest poison, WorkflowRequest request, Delivery delivery)
            throws InterruptedException {
        counters.add(Count.POISON);
        LOG.atError()
                .addKeyValue("session", poison.sessionId())
                .addKeyValue("message", poison.messageId())
                .log("message given up after too many attempts; it is in the dead letters");
        // The session's oldest message can be another one than the delivered message.
        StoredRequest stored =
                poison.messageId().equals(request.messageId())
                        ? delivery.request()
                        : StoredRequest.gone(poison);
        intake.deadLetter(stored, ErrorCode.TOO_MANY_ATTEMPTS, ErrorCode.TOO_MANY_ATTEMPTS.title());
        end(poison, intake.failure(poison, ErrorCode.TOO_MANY_ATTEMPTS));
    }

    /// Ends a message whose user did not answer in time.
    void giveUpWaiting(WorkflowRequest parked) throws InterruptedException {
        LOG.atInfo()
                .addKeyValue("session", parked.sessionId())
                .addKeyValue("message", parked.messageId())
                .log("question of a run expired without an answer; the run is cancelled");
        end(parked, intake.cancellation(parked));
        settler.soon(parked.sessionId());
    }

    private void end(WorkflowRequest request, Chunk last) throws InterruptedException {
        switch (retries.untilAnswered(() -> log.finish(Optional.empty(), last))) {
            case Finish.Finished _ -> notices.changed(request.userId(), request.sessionId());
            case Finish.Ended _, Finish.Unknown _ -> {}
        }
    }

    /// Stops the session's run at once if it belongs to this message. The log has fenced it already; this only saves
    /// the rest of the model call. Any thread.
    public void cancelled(SessionId session, MessageId message) {
        Run run = runs.get(session);
        if (run != null && run.message().equals(message)) {
            run.cancel();
        }
    }

    /// Whether this worker has a claim on the session, or may be about to get one. Any thread.
    boolean isAt(SessionId session) {
        return sessions.containsKey(session);
    }

    /// The number of messages in progress. Any thread.
    public int runs() {
        return runs.size();
    }

    /// The number of sessions with deliveries in progress. Any thread.
    public int sessions() {
        return sessions.size();
    }

    /// From now on no message is started; the answers in progress continue.
    void drain() {
        draining = true;
    }

    /// From now on an interrupt means that the process stops.
    void stop() {
        stopping = true;
    }
}
