package dev.antiphon.engine.run;

import dev.antiphon.backplane.log.SessionLog;
import dev.antiphon.backplane.log.WorkState;
import dev.antiphon.backplane.queue.Delivery;
import dev.antiphon.engine.run.Counters.Count;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.time.Time;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;

/// Holds deliveries until their message has ended, and acknowledges them some time later. Redis syncs its file once a
/// second, so after a crash it can have lost a recent end; the delivery, which is still there, then brings the
/// message back.
///
/// Each held delivery is checked every {@link #LAG}, and acked when the last two checks saw the same end of its
/// message: an end that Redis lost and that came again since the last check is younger than the lag. While a live
/// worker has the session, a delivery stays here instead of returning to the queue again and again; when the session is
/// free, it returns at once.
public final class Acker implements AutoCloseable {

    /// Longer than the 2 s that Redis can lose with `everysec`.
    static final Duration LAG = Duration.ofSeconds(3);

    /// As many as JetStream allows to be unacknowledged. Further deliveries are not settled, and come again after the
    /// ack wait.
    private static final int MAX_WAITING = 100_000;

    private static final int MAX_BATCH = 1_000;

    /// A delivery and the time to check its message.
    ///
    /// @param seen the state of the message at the last check, as far as Redis has answered
    private record Due(
            Delivery delivery,
            SessionId session,
            MessageId message,
            CompletionStage<WorkState> seen,
            long nanos) {

        /// Empty when Redis did not answer.
        Optional<WorkState> lastSeen() {
            CompletableFuture<WorkState> answer = seen.toCompletableFuture();
            return answer.state() == Future.State.SUCCESS
                    ? Optional.of(answer.resultNow())
                    : Optional.empty();
        }

        boolean hasEnded() {
            return lastSeen().filter(WorkState.AtRest.class::isInstance).isPresent();
        }
    }

    private final SessionLog log;
    private final Time time;
    private final Retries retries;
    private final Counters counters;
    private final BlockingQueue<Due> waiting = new LinkedBlockingQueue<>(MAX_WAITING);
    private final Thread thread;

    /// The deliveries that the thread has taken out to check; only the thread writes it.
    private volatile int inHand;

    private Acker(SessionLog log, Time time, Counters counters) {
        this.log = log;
        this.time = time;
        this.retries = new Retries(time, counters);
        this.counters = counters;
        this.thread = time.thread("acker", this::ackAll);
    }

    public static Acker open(SessionLog log, Time time, Counters counters) {
        Acker acker = new Acker(log, time, counters);
        acker.thread.start();
        return acker;
    }

    /// Holds the delivery of a message that has ended or whose session has a live worker. Acks it when the message
    /// has ended and Redis can no longer lose that; returns it to the queue when the session becomes free before
    /// that. Any thread.
    void hold(Delivery delivery, SessionId session, MessageId message) {
        look(delivery, session, message, log.workState(session, message));
    }

    /// The number of held deliveries: their message continues elsewhere, or has just ended. Any thread.
    public int held() {
        return waiting.size() + inHand;
    }

    private void look(
            Delivery delivery,
            SessionId session,
            MessageId message,
            CompletionStage<WorkState> seen) {
        long at = time.nanoTime() + LAG.toNanos();
        if (!waiting.offer(new Due(delivery, session, message, seen, at))) {
            counters.add(Count.ACK_DROPPED);
        }
    }

    private void ackAll() {
        List<Due> batch = new ArrayList<>();
        try {
            while (true) {
                batch.add(waiting.take());
                inHand = batch.size();
                time.sleep(batch.getFirst().nanos - time.nanoTime());
                for (Due next = waiting.peek();
                        next != null && next.nanos <= time.nanoTime() && batch.size() < MAX_BATCH;
                        next = waiting.peek()) {
                    batch.add(waiting.remove());
                }
                inHand = batch.size();
                settle(batch);
                batch.clear();
                inHand = 0;
            }
        } catch (InterruptedException e) {
            // Closing: after the ack wait, an ended message is delivered again and found ended.
            giveBack(batch);
            giveBack(waiting);
        }
    }

    /// Returns deliveries of messages that have not ended at once, for another worker to hold. A repetition for a
    /// settled delivery changes nothing.
    private static void giveBack(Collection<Due> held) {
        for (Due due : held) {
            if (!due.hasEnded()) {
                due.delivery.retryAfter(Duration.ZERO);
            }
        }
    }

    private void settle(List<Due> batch) throws InterruptedException {
        List<CompletionStage<WorkState>> standings =
                batch.stream().map(due -> log.workState(due.session, due.message)).toList();
        for (int i = 0; i < batch.size(); i++) {
            Due due = batch.get(i);
            CompletionStage<WorkState> first = standings.get(i);
            var asked =
                    new Object() {
                        boolean again;
                    };
            WorkState standing =
                    retries.untilAnswered(() -> {
                        CompletionStage<WorkState> answer =
                                asked.again ? log.workState(due.session, due.message) : first;
                        asked.again = true;
                        return answer;
                    });
            settle(due, standing);
        }
    }

    private void settle(Due due, WorkState standing) {
        Optional<WorkState> before = due.lastSeen();
        if (before.isPresent() && isSameEnd(before.get(), standing)) {
            due.delivery.ack();
            return;
        }
        if (due.hasEnded()) {
            counters.add(Count.FORGOTTEN);
        }
        if (standing.isFree()) {
            due.delivery.retryAfter(Duration.ZERO);
        } else {
            due.delivery.inProgress();
            CompletionStage<WorkState> seen = CompletableFuture.completedStage(standing);
            look(due.delivery, due.session, due.message, seen);
        }
    }

    private static boolean isSameEnd(WorkState before, WorkState now) {
        return before instanceof WorkState.AtRest one
                && now instanceof WorkState.AtRest other
                && one.isSameEnd(other);
    }

    @Override
    public void close() {
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
