package dev.antiphon.worker.run;

import dev.antiphon.backplane.history.History;
import dev.antiphon.backplane.log.SessionLog;
import dev.antiphon.backplane.queue.Delivery;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.worker.run.Counters.Count;
import dev.antiphon.worker.time.Time;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;

/// Acknowledges deliveries some time after their message has ended. Redis syncs its file once a second, so what it told
/// just now can be forgotten by a crash; a delivery that is still there then brings the message back.
public final class Acker implements AutoCloseable {

    /// Longer than Redis' everysec can lose, which is 2 s.
    static final Duration LAG = Duration.ofSeconds(3);

    /// As many as JetStream lets be unacknowledged. Beyond it deliveries are not settled and come again after the ack
    /// wait, when their session is idle.
    private static final int MAX_WAITING = 100_000;

    private static final int MAX_BATCH = 1_000;

    private record Due(Delivery delivery, SessionId session, MessageId message, long nanos) {}

    private final SessionLog log;
    private final Time time;
    private final Asking asking;
    private final Settling settling;
    private final Counters counters;
    private final BlockingQueue<Due> waiting = new LinkedBlockingQueue<>(MAX_WAITING);
    private final Thread thread;

    private Acker(SessionLog log, History history, Time time, Counters counters) {
        this.log = log;
        this.time = time;
        this.asking = new Asking(time, counters);
        this.settling = new Settling(history, asking, counters);
        this.counters = counters;
        this.thread = time.thread("acker", this::ackAll);
    }

    public static Acker open(SessionLog log, History history, Time time, Counters counters) {
        Acker acker = new Acker(log, history, time, counters);
        acker.thread.start();
        return acker;
    }

    /// Acks the delivery when its message has still ended after the lag; else it is delivered again. Any thread.
    void ackLater(Delivery delivery, SessionId session, MessageId message) {
        if (!waiting.offer(new Due(delivery, session, message, time.nanoTime() + LAG.toNanos()))) {
            counters.add(Count.ACK_DROPPED);
        }
    }

    private void ackAll() {
        try {
            while (true) {
                List<Due> batch = new ArrayList<>();
                batch.add(waiting.take());
                time.sleep(batch.getFirst().nanos - time.nanoTime());
                for (Due next = waiting.peek();
                        next != null && next.nanos <= time.nanoTime() && batch.size() < MAX_BATCH;
                        next = waiting.peek()) {
                    batch.add(waiting.remove());
                }
                settle(batch);
            }
        } catch (InterruptedException e) {
            // closing: what waits is delivered again and found ended
        }
    }

    private void settle(List<Due> batch) throws InterruptedException {
        List<CompletionStage<Boolean>> ended =
                batch.stream().map(due -> log.atRest(due.session, due.message)).toList();
        for (int i = 0; i < batch.size(); i++) {
            Due due = batch.get(i);
            CompletionStage<Boolean> first = ended.get(i);
            var asked =
                    new Object() {
                        boolean again;
                    };
            boolean still =
                    asking.until(() -> {
                        CompletionStage<Boolean> answer =
                                asked.again ? log.atRest(due.session, due.message) : first;
                        asked.again = true;
                        return answer;
                    });
            if (still && settling.settle(due.session)) { // Redis may have forgotten that too
                due.delivery.ack();
            } else {
                counters.add(Count.FORGOTTEN);
                due.delivery.retryAfter(Duration.ZERO);
            }
        }
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
