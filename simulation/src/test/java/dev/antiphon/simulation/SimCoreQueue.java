package dev.antiphon.simulation;

import dev.antiphon.backplane.Unavailable;
import dev.antiphon.backplane.queue.Delivery;
import dev.antiphon.backplane.queue.StoredRequest;
import dev.antiphon.protocol.Subjects;
import dev.antiphon.protocol.WorkflowRequest;
import dev.antiphon.simulation.Faults.Kind;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/// One process' side of a NATS without JetStream: requests ring a worker, and are not stored. As in `CoreQueue`,
/// requests to retry stay in this process.
class SimCoreQueue extends SimQueue {

    private final Host host;
    private final Scheduler scheduler;
    private final Nats nats;
    private final Faults faults;
    private final Chronicle chronicle;

    /// To be delivered again by the next pull.
    private final Queue<StoredRequest> due = new ArrayDeque<>();

    private Nats.@Nullable Pull current;
    private boolean stopped;

    SimCoreQueue(Host host, Scheduler scheduler, Nats nats, Faults faults, Chronicle chronicle) {
        super(host, scheduler, nats, faults, chronicle);
        this.host = host;
        this.scheduler = scheduler;
        this.nats = nats;
        this.faults = faults;
        this.chronicle = chronicle;
    }

    @Override
    public CompletionStage<Void> publish(WorkflowRequest request) {
        return ring(request);
    }

    @Override
    public CompletionStage<Void> publishAgain(WorkflowRequest request, String occasion) {
        republishing(request, occasion);
        return ring(request);
    }

    /// Marked as in `CoreQueue`: a request that Redis does not know any more was deleted.
    private CompletionStage<Void> ring(WorkflowRequest request) {
        if (!nats.isUp()) {
            return CompletableFuture.failedStage(new Unavailable("NATS is unavailable", null));
        }
        if (faults.happens(Kind.PUBLISH_LOST)) {
            chronicle.count(Chronicle.Count.UNHEARD);
        } else {
            send(Subjects.execute(request.sessionId()), request.encode(), true);
        }
        return CompletableFuture.allOf(); // done
    }

    private void send(String subject, byte[] data, boolean republished) {
        scheduler.after(
                nats.latency(),
                () -> {
                    if (nats.isUp()) {
                        nats.ring(subject, data, republished);
                    }
                });
    }

    @Override
    public long waiting() {
        return 0;
    }

    @Override
    public long purgeDone() {
        return 0;
    }

    @Override
    public List<StoredRequest> before(StoredRequest request, int most) {
        return List.of();
    }

    @Override
    public boolean isStored(StoredRequest request) {
        return true;
    }

    @Override
    public void pull(int most, Duration wait, Consumer<Delivery> each) throws InterruptedException {
        stopped = false;
        super.pull(most, wait, each);
    }

    @Override
    void pulling(Nats.Pull pull) {
        current = pull;
        handOver();
    }

    private void handOver() {
        Nats.Pull pull = current;
        while (pull != null && !pull.ended && pull.room > 0 && !due.isEmpty()) {
            pull.room--;
            if (pull.room == 0) {
                nats.full(pull);
            }
            arrived(pull, due.remove());
        }
    }

    @Override
    public void stopPulling() {
        stopped = true;
        passOn();
    }

    /// To another worker, if NATS accepts it.
    private void passOn() {
        while (!due.isEmpty()) {
            StoredRequest request = due.remove();
            if (nats.isUp()) {
                send(request.subject(), request.data(), request.republished());
            }
        }
    }

    @Override
    Delivery delivery(StoredRequest request) {
        return new CoreDelivery(request);
    }

    /// Acknowledges nothing: the log settles an accepted request.
    private final class CoreDelivery implements Delivery {
        private final StoredRequest request;

        private CoreDelivery(StoredRequest request) {
            this.request = request;
        }

        @Override
        public StoredRequest request() {
            return request;
        }

        @Override
        public boolean isAgain() {
            return false; // only counted
        }

        @Override
        public void ack() {}

        @Override
        public void retryAfter(Duration delay) {
            host.after(
                    delay.toNanos(),
                    () -> {
                        due.add(request);
                        if (stopped) {
                            passOn();
                        } else {
                            handOver();
                        }
                    });
        }

        @Override
        public void inProgress() {}

        /// As in `SimDelivery`.
        @Override
        public int hashCode() {
            return Long.hashCode(request.sequence());
        }

        @Override
        public boolean equals(Object other) {
            return this == other;
        }
    }
}
