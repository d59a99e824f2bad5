package dev.antiphon.backplane.queue;

import dev.antiphon.backplane.Nats;
import dev.antiphon.backplane.Unavailable;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.Subjects;
import dev.antiphon.protocol.WorkflowRequest;

import io.nats.client.Message;
import io.nats.client.Subscription;
import io.nats.client.impl.Headers;
import io.nats.client.support.NatsJetStreamConstants;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.DelayQueue;
import java.util.concurrent.Delayed;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/// Requests over core NATS, for a server without JetStream: they ring one worker of a queue group, and nothing is
/// stored. Every request that a gateway has accepted is in the log, and the sweeper finds it there when no worker
/// received the ring. A plain publisher's request reaches a worker that listens at that moment, or none.
final class CoreQueue implements RequestQueue {

    private static final Logger LOG = LoggerFactory.getLogger(CoreQueue.class);

    /// How often a waiting pull checks that its server is still there, and checks for deliveries to retry.
    private static final Duration LOOK_EVERY = Duration.ofMillis(250);

    private static final Duration GIVE_BACK_WITHIN = Duration.ofSeconds(1);

    /// The time at which a request was first received. A worker that passes the request to another adds it, because the
    /// id of a message without one is derived from it.
    private static final String STORED = "Antiphon-Stored";

    private final Nats nats;

    /// How often NATS came back. The client then subscribes again, but without the limit.
    private final AtomicLong reconnects = new AtomicLong();

    /// Deliveries to hand over again; at most as many as were handed over and are not settled.
    private final DelayQueue<Retry> retries = new DelayQueue<>();

    // Only for the thread that pulls.
    private @Nullable Subscription subscription;
    private long subscribedAt;

    private volatile boolean stopped;

    CoreQueue(Nats nats) {
        this.nats = nats;
        nats.onReconnect(reconnects::incrementAndGet);
    }

    /// A delivery that is due again.
    private record Retry(CoreDelivery delivery, long nanos) implements Delayed {

        @Override
        public long getDelay(TimeUnit unit) {
            return unit.convert(nanos - System.nanoTime(), TimeUnit.NANOSECONDS);
        }

        @Override
        public int compareTo(Delayed other) {
            return Long.compare(
                    getDelay(TimeUnit.NANOSECONDS), other.getDelay(TimeUnit.NANOSECONDS));
        }
    }

    /// Nothing is acknowledged: an accepted request is settled in the log.
    private final class CoreDelivery implements Delivery {
        private final StoredRequest request;
        private final boolean again;

        private CoreDelivery(StoredRequest request, boolean again) {
            this.request = request;
            this.again = again;
        }

        @Override
        public StoredRequest request() {
            return request;
        }

        @Override
        public boolean isAgain() {
            return again;
        }

        @Override
        public void ack() {}

        /// Delivered here again while this process pulls; otherwise to another worker.
        @Override
        public void retryAfter(Duration delay) {
            retries.add(
                    new Retry(
                            new CoreDelivery(request, true), System.nanoTime() + delay.toNanos()));
            if (stopped) {
                passOnRetries();
            }
        }

        @Override
        public void inProgress() {}
    }

    /// Rings a worker. Success does not mean that a worker received it.
    @Override
    public CompletionStage<Void> publish(WorkflowRequest request) {
        return ring(request, request.sessionId() + "." + request.messageId(), "accepted");
    }

    @Override
    public CompletionStage<Void> publishAgain(WorkflowRequest request, String occasion) {
        return ring(
                request,
                request.sessionId() + "." + request.messageId() + ":" + occasion,
                occasion);
    }

    /// A request that is sent here was already accepted, in Redis only. A request that Redis no longer knows was
    /// deleted, and must not be accepted again. So even the first copy is marked as published again.
    ///
    /// @param id for a stream that exists all the same, because another process might have found one
    private CompletionStage<Void> ring(WorkflowRequest request, String id, String occasion) {
        Headers headers =
                new Headers()
                        .put(NatsJetStreamConstants.MSG_ID_HDR, id)
                        .put(JetStreamQueue.REPUBLISHED, occasion);
        try {
            send(Subjects.execute(request.sessionId()), headers, request.encode());
            return CompletableFuture.allOf(); // done
        } catch (Unavailable e) {
            return CompletableFuture.failedStage(e);
        }
    }

    private void send(String subject, Headers headers, byte[] data) {
        if (!nats.connected()) {
            throw new Unavailable(nats.url() + " is unavailable", null);
        }
        try {
            nats.connection().publish(subject, headers, data);
        } catch (IllegalStateException | IllegalArgumentException e) { // closed, full or too large
            throw new Unavailable(nats.url() + " did not accept the request: " + e.getMessage(), e);
        }
    }

    /// Nothing waits in the server.
    @Override
    public long waiting() {
        return 0;
    }

    @Override
    public long purgeDone() {
        return 0;
    }

    /// Hands over rings and due retries. The subscription takes as many requests as there is room for, so that the
    /// server skips a worker without room; between two pulls it stays.
    @Override
    public void pull(int most, Duration wait, Consumer<Delivery> each) throws InterruptedException {
        if (!nats.connected()) {
            throw new Unavailable(nats.url() + " is unavailable", null);
        }
        stopped = false;
        try {
            long end = System.nanoTime() + wait.toNanos();
            int left = most;
            do {
                Retry due = retries.poll();
                Message message = due == null ? subscription(left).nextMessage(LOOK_EVERY) : null;
                if (due != null) {
                    left--;
                    each.accept(due.delivery);
                } else if (message != null) {
                    left--;
                    each.accept(new CoreDelivery(received(message), false));
                }
            } while (left > 0 && nats.connected() && System.nanoTime() - end < 0);
        } catch (InterruptedException e) {
            stopPulling();
            throw e;
        } catch (IllegalStateException e) { // closed, or the limit was reached between two calls
            subscription = null;
            throw new Unavailable(nats.url() + " subscription failed: " + e.getMessage(), e);
        }
    }

    private Subscription subscription(int most) {
        Subscription known = subscription;
        long now = reconnects.get();
        if (known != null && known.isActive() && subscribedAt == now) {
            return known;
        }
        if (known != null && known.isActive()) {
            known.unsubscribe();
        }
        Subscription fresh = nats.connection().subscribe(Subjects.EXECUTE_ALL, Topology.WORKERS);
        fresh.unsubscribe(most);
        subscription = fresh;
        subscribedAt = now;
        return fresh;
    }

    /// The number is drawn here, because no stream counts. A request from another worker keeps that worker's number.
    private static StoredRequest received(Message message) {
        Headers headers = message.getHeaders();
        String sequence = header(headers, DeadLetter.SEQUENCE);
        String stored = header(headers, STORED);
        boolean passedOn = sequence != null && stored != null;
        byte[] data = message.getData();
        return new StoredRequest(
                message.getSubject(),
                data == null ? new byte[0] : data,
                passedOn
                        ? Long.parseLong(sequence)
                        : ThreadLocalRandom.current().nextLong(1, Long.MAX_VALUE),
                passedOn ? Instant.ofEpochMilli(Long.parseLong(stored)) : Instant.now(),
                JetStreamQueue.isRepublished(headers));
    }

    private static @Nullable String header(@Nullable Headers headers, String name) {
        return headers == null ? null : headers.getFirst(name);
    }

    @Override
    public void stopPulling() {
        stopped = true;
        Subscription from = subscription;
        subscription = null;
        if (from != null && from.isActive()) {
            try {
                var _ = from.drain(GIVE_BACK_WITHIN);
                for (Message next = from.nextMessage(null);
                        next != null;
                        next = from.nextMessage(null)) {
                    passOn(received(next));
                }
            } catch (IllegalStateException e) {
                LOG.atDebug().setCause(e).log("drained, or NATS is closed");
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        passOnRetries();
    }

    private void passOnRetries() {
        for (Retry each : List.copyOf(retries)) {
            if (retries.remove(each)) {
                passOn(each.delivery.request);
            }
        }
    }

    /// To another worker. If none receives it, the sweeper finds it, provided that a gateway has accepted it.
    private void passOn(StoredRequest request) {
        Headers headers =
                new Headers()
                        .put(DeadLetter.SEQUENCE, Long.toString(request.sequence()))
                        .put(STORED, Long.toString(request.stored().toEpochMilli()));
        if (request.republished()) {
            headers.put(JetStreamQueue.REPUBLISHED, "passed on");
        }
        try {
            send(request.subject(), headers, request.data());
        } catch (Unavailable e) {
            LOG.atDebug()
                    .addKeyValue("subject", request.subject())
                    .addKeyValue("reason", e.getMessage())
                    .log("passing on a request failed");
        }
    }

    /// Unknown: nothing keeps the order of plain publishers' requests.
    @Override
    public List<StoredRequest> before(StoredRequest request, int most) {
        return List.of();
    }

    /// A plain publisher's request is only here, so it was not withdrawn.
    @Override
    public boolean isStored(StoredRequest request) {
        return true;
    }

    @Override
    public void forget(SessionId session) {}

    /// Rings the subscribers of dead letters; nothing stores them.
    @Override
    public void deadLetter(StoredRequest request, ErrorCode code, String reason) {
        DeadLetter letter = DeadLetter.of(request, code, reason, nats);
        send(letter.subject(), letter.headers(), letter.data());
    }
}
