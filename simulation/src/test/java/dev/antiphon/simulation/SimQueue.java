package dev.antiphon.simulation;

import dev.antiphon.backplane.Unavailable;
import dev.antiphon.backplane.queue.Delivery;
import dev.antiphon.backplane.queue.RequestQueue;
import dev.antiphon.backplane.queue.StoredRequest;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.SessionId;
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
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// One process' connection to the queue.
class SimQueue implements RequestQueue {

    private static final Duration CONFIRM_WITHIN = Duration.ofSeconds(2);

    private final Host host;
    private final Scheduler scheduler;
    private final Nats nats;
    private final Faults faults;
    private final Chronicle chronicle;

    // The pull in progress.
    private final Queue<StoredRequest> arrived = new ArrayDeque<>();
    private @Nullable Thread puller;
    private @Nullable Unavailable failure;

    SimQueue(Host host, Scheduler scheduler, Nats nats, Faults faults, Chronicle chronicle) {
        this.host = host;
        this.scheduler = scheduler;
        this.nats = nats;
        this.faults = faults;
        this.chronicle = chronicle;
    }

    Host host() {
        return host;
    }

    @Override
    public CompletionStage<Void> publish(WorkflowRequest request) {
        return publish(request, request.sessionId() + "." + request.messageId(), false);
    }

    @Override
    public CompletionStage<Void> publishAgain(WorkflowRequest request, String occasion) {
        republishing(request, occasion);
        return publish(
                request, request.sessionId() + "." + request.messageId() + ":" + occasion, true);
    }

    final void republishing(WorkflowRequest request, String occasion) {
        chronicle.count(
                occasion.startsWith("s") ? Chronicle.Count.SWEEP : Chronicle.Count.TAKE_OVER);
        nats.republishing(request.sessionId());
    }

    private CompletionStage<Void> publish(WorkflowRequest request, String id, boolean again) {
        if (!nats.isUp()) {
            return CompletableFuture.failedStage(new Unavailable("NATS is unavailable", null));
        }
        CompletableFuture<Void> confirmed = new CompletableFuture<>();
        host.after(
                CONFIRM_WITHIN.toNanos(),
                () -> confirmed.completeExceptionally(new Unavailable("not confirmed", null)));
        byte[] data = request.encode();
        if (!faults.happens(Kind.PUBLISH_LOST)) {
            boolean told = !faults.happens(Kind.CONFIRM_LOST);
            scheduler.after(
                    nats.latency(),
                    () -> {
                        if (nats.isUp()) {
                            nats.publish(id, Subjects.execute(request.sessionId()), data, again);
                            if (!again) {
                                chronicle.stored(request);
                            }
                            if (told) {
                                scheduler.after(
                                        nats.latency(),
                                        () -> host.run(() -> confirmed.complete(null)));
                            }
                        }
                    });
        }
        return confirmed;
    }

    @Override
    public long waiting() {
        return asked(() -> nats.queue().waiting());
    }

    @Override
    public long purgeDone() {
        return asked(() -> nats.queue().purgeDone());
    }

    @Override
    public List<StoredRequest> before(StoredRequest request, int most) {
        return asked(() -> nats.queue().before(request, most));
    }

    @Override
    public boolean isStored(StoredRequest request) {
        return asked(() -> nats.queue().isStored(request));
    }

    @Override
    public void forget(SessionId session) {
        throw new AssertionError("no simulated gateway erases a session");
    }

    @Override
    public void deadLetter(StoredRequest request, ErrorCode code, String reason) {
        asked(() -> {
            chronicle.deadLetter(request);
            return true;
        });
    }

    /// A call that blocks until the server has answered.
    private <T> T asked(Supplier<T> question) {
        host.outwait(nats.latency());
        if (!nats.isUp() || faults.happens(Kind.PUBLISH_LOST)) {
            throw new Unavailable("NATS is unavailable", null);
        }
        T answer = question.get();
        host.outwait(nats.latency());
        return answer;
    }

    @Override
    public void pull(int most, Duration wait, Consumer<Delivery> each) throws InterruptedException {
        if (!nats.isUp()) {
            throw new Unavailable("NATS is unavailable", null);
        }
        puller = Thread.currentThread();
        failure = null;
        Nats.Pull pull = new Nats.Pull(this, most);
        host.after(wait.toNanos() + nats.latency(), () -> ended(pull, null));
        scheduler.after(
                nats.latency(),
                () -> {
                    if (!pull.ended && pull.room > 0) {
                        nats.open(pull);
                        // The server's own time: a paused process does not end its pulls.
                        scheduler.after(wait.toNanos(), () -> nats.expired(pull));
                    }
                });
        pulling(pull);
        try {
            int taken = 0;
            while (true) {
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                StoredRequest next = arrived.poll();
                if (next != null) {
                    taken++;
                    each.accept(delivery(next));
                } else if (failure != null) {
                    throw failure;
                } else if (pull.ended || taken == most) {
                    return;
                } else {
                    LockSupport.park(this);
                }
            }
        } finally {
            nats.close(pull);
            arrived.clear(); // delivered again after the ack wait
            puller = null;
        }
    }

    @Override
    public void stopPulling() {}

    /// A pull begins.
    void pulling(Nats.Pull pull) {}

    /// Overridden by mutants.
    Delivery delivery(StoredRequest request) {
        return new SimDelivery(request);
    }

    void arrived(Nats.Pull pull, StoredRequest request) {
        if (!pull.ended && puller != null) {
            arrived.add(request);
            LockSupport.unpark(puller);
        }
    }

    void ended(Nats.Pull pull, @Nullable Unavailable why) {
        if (puller != null) {
            pull.ended = true;
            failure = why;
            LockSupport.unpark(puller);
        }
    }

    /// A delivery, as any server would deliver it.
    final class SimDelivery implements Delivery {
        private final StoredRequest request;

        SimDelivery(StoredRequest request) {
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
        public void ack() {
            send(() -> nats.ack(request));
        }

        @Override
        public void retryAfter(Duration delay) {
            send(() -> nats.retryAfter(request, delay));
        }

        @Override
        public void inProgress() {
            send(() -> nats.inProgress(request));
        }

        private void send(Runnable settle) {
            if (nats.isUp() && !faults.happens(Kind.ACK_LOST)) {
                scheduler.after(
                        nats.latency(),
                        () -> {
                            if (nats.isUp()) {
                                settle.run();
                            }
                        });
            }
        }

        /// Not the object's own hash code, which differs between JVMs and changes the order in a hash set.
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
