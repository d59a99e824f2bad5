package dev.antiphon.simulation;

import dev.antiphon.backplane.Unavailable;
import dev.antiphon.backplane.queue.StoredRequest;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.Ring;
import dev.antiphon.protocol.RingBatch;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.simulation.Faults.Kind;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/// One nats-server: the queue, the pods' subjects and the notices, all over a network that loses, duplicates
/// and delays.
final class Nats {

    /// Receives the rings for one pod.
    ///
    /// @param batches whether it listens to batches too
    record Listener(Host host, Consumer<List<Ring>> rang, boolean batches, Runnable reconnected) {}

    /// Receives the cancellations of messages.
    record Watcher(Host host, BiConsumer<SessionId, MessageId> cancelled) {}

    /// A worker that waits for deliveries.
    static final class Pull {
        final SimQueue asker;
        int room;
        boolean ended;

        Pull(SimQueue asker, int room) {
            this.asker = asker;
            this.room = room;
        }
    }

    /// What can happen to one kind of message to a pod.
    private record RingFaults(Kind lost, Kind doubled, Kind late) {}

    private static final RingFaults RING_FAULTS =
            new RingFaults(Kind.RING_DROPPED, Kind.RING_DOUBLED, Kind.RING_LATE);
    private static final RingFaults BATCH_FAULTS =
            new RingFaults(Kind.BATCH_LOST, Kind.BATCH_DOUBLED, Kind.BATCH_LATE);

    private final Scheduler scheduler;
    private final Faults faults;
    private final Chronicle chronicle;
    private final ModelQueue queue;
    private final Map<PodId, Listener> listeners = new LinkedHashMap<>();
    private final List<Watcher> watchers = new ArrayList<>();
    private final List<Pull> pulls = new ArrayList<>();
    private final List<StoredRequest> ackedLately = new ArrayList<>();
    private final Map<String, Long> lastRing = new LinkedHashMap<>();
    private final boolean jetStream;
    private long rung;
    private boolean up = true;
    private Consumer<SessionId> republishing = _ -> {};

    /// @param jetStream whether it stores requests; otherwise each rings one worker, or none
    Nats(
            Scheduler scheduler,
            Faults faults,
            Chronicle chronicle,
            ModelQueue queue,
            boolean jetStream) {
        this.scheduler = scheduler;
        this.faults = faults;
        this.chronicle = chronicle;
        this.queue = queue;
        this.jetStream = jetStream;
    }

    boolean hasJetStream() {
        return jetStream;
    }

    ModelQueue queue() {
        return queue;
    }

    boolean isUp() {
        return up;
    }

    long latency() {
        return scheduler.random().nextLong(50_000, 3_000_000);
    }

    void listen(PodId pod, Listener listener) {
        listeners.put(pod, listener);
    }

    void watch(Watcher watcher) {
        watchers.add(watcher);
    }

    // Core NATS

    /// One entry in a message of its own.
    void ring(Host from, PodId pod, Ring ring) {
        chronicle.rung(from, pod, ring, false);
        chronicle.count(Chronicle.Count.RING_ALONE);
        send(from, pod, RING_FAULTS, listener -> listener.rang().accept(List.of(ring)));
    }

    /// Many entries in one message.
    void ring(Host from, PodId pod, RingBatch batch) {
        batch.rings().forEach(ring -> chronicle.rung(from, pod, ring, true));
        if (batch.rings().size() > 1) {
            chronicle.count(Chronicle.Count.RING_BATCH);
        }
        if (batch.sessions().size() > 1) {
            chronicle.count(Chronicle.Count.RING_BATCH_OF_SEVERAL);
        }
        byte[] wire = batch.encode();
        send(
                from,
                pod,
                BATCH_FAULTS,
                listener -> {
                    if (listener.batches()) {
                        listener.rang().accept(RingBatch.decode(wire).rings());
                    }
                });
    }

    private void send(Host from, PodId pod, RingFaults kinds, Consumer<Listener> take) {
        if (!up || faults.happens(kinds.lost())) {
            return;
        }
        String path = from.name() + ">" + pod;
        long at = Math.max(lastRing.getOrDefault(path, 0L) + 1, scheduler.now() + latency());
        if (faults.happens(kinds.late())) {
            at += scheduler.random().nextLong(1, 400_000_000); // so that others overtake it
        } else {
            lastRing.put(path, at);
        }
        deliver(at, pod, take);
        if (faults.happens(kinds.doubled())) {
            deliver(at + scheduler.random().nextLong(1, 2_000_000_000), pod, take);
        }
    }

    private void deliver(long at, PodId pod, Consumer<Listener> take) {
        scheduler.at(
                at,
                () -> {
                    Listener listener = listeners.get(pod);
                    if (listener != null && up) {
                        listener.host().run(() -> take.accept(listener));
                    }
                });
    }

    void cancelled(SessionId session, MessageId message) {
        for (Watcher watcher : watchers) {
            if (up && !faults.happens(Kind.NOTICE_DROPPED)) {
                scheduler.after(
                        latency(),
                        () ->
                                watcher.host()
                                        .run(() -> watcher.cancelled().accept(session, message)));
            }
        }
    }

    /// Rings one worker of the queue group with a request. The request is lost when no worker listens.
    void ring(String subject, byte[] data, boolean republished) {
        pulls.removeIf(pull -> pull.asker.host().isDead());
        if (pulls.isEmpty()) {
            chronicle.count(Chronicle.Count.UNHEARD);
            return;
        }
        Pull pull = pulls.get(scheduler.random().nextInt(pulls.size()));
        pull.room--;
        if (pull.room == 0) {
            pulls.remove(pull);
        }
        rung++;
        Instant at = Instant.EPOCH.plusNanos(scheduler.now());
        StoredRequest request = new StoredRequest(subject, data, rung, at, republished);
        scheduler.after(
                latency(),
                () -> {
                    if (pull.ended || pull.asker.host().isDead()) {
                        chronicle.count(Chronicle.Count.UNHEARD);
                    }
                    pull.asker.host().run(() -> pull.asker.arrived(pull, request));
                });
    }

    // JetStream

    /// Called with the session whose request is about to be published again.
    void beforeRepublishing(Consumer<SessionId> hears) {
        republishing = hears;
    }

    void republishing(SessionId session) {
        republishing.accept(session);
    }

    void open(Pull pull) {
        pulls.add(pull);
        dispatch();
    }

    /// Delivers nothing more to it; messages on their way arrive.
    void expired(Pull pull) {
        pulls.remove(pull);
    }

    /// Its worker has no free slot.
    void full(Pull pull) {
        pulls.remove(pull);
    }

    void close(Pull pull) {
        pull.ended = true;
        pulls.remove(pull);
    }

    /// Delivers the free requests to the waiting pulls, longest wait first.
    void dispatch() {
        pulls.removeIf(pull -> pull.asker.host().isDead());
        while (up && !pulls.isEmpty()) {
            ModelQueue.Stored next = queue.next();
            if (next == null) {
                return;
            }
            if (next.deliveries > 1) {
                chronicle.count(Chronicle.Count.REDELIVERY);
            }
            long due = next.freeAt;
            scheduler.at(due, this::dispatch);
            Pull pull = pulls.removeFirst();
            pull.room--;
            if (pull.room > 0) {
                pulls.add(pull);
            }
            SimQueue asker = pull.asker;
            StoredRequest request = next.request;
            scheduler.after(latency(), () -> asker.host().run(() -> asker.arrived(pull, request)));
        }
    }

    boolean publish(@Nullable String id, String subject, byte[] data, boolean republished) {
        if (!jetStream) {
            ring(subject, data, republished);
            return true;
        }
        boolean stored = queue.publish(id, subject, data, republished);
        dispatch();
        return stored;
    }

    void ack(StoredRequest request) {
        ModelQueue.Stored stored = queue.stored(request.sequence());
        if (stored != null) {
            if (!stored.request.equals(request)) {
                chronicle.ackedForAnother(stored.request);
            }
            chronicle.acked(request);
            ackedLately.add(request);
        }
        queue.ack(request.sequence());
    }

    void retryAfter(StoredRequest request, Duration delay) {
        queue.retryAfter(request.sequence(), delay);
        scheduler.after(delay.toNanos(), this::dispatch);
        dispatch();
    }

    void inProgress(StoredRequest request) {
        queue.inProgress(request.sequence());
        scheduler.after(ModelQueue.ACK_WAIT.toNanos(), this::dispatch);
    }

    // Faults of the server

    /// Kills the server. It comes back with the state of its disk.
    void down() {
        up = false;
        for (Pull pull : List.copyOf(pulls)) {
            close(pull);
            pull.asker
                    .host()
                    .run(() ->
                            pull.asker.ended(pull, new Unavailable("NATS is unavailable", null)));
        }
        for (StoredRequest acked : ackedLately) {
            if (scheduler.chance(0.2)) {
                queue.orphan(acked);
            }
        }
        ackedLately.clear();
    }

    void up(boolean withDisk) {
        if (!withDisk) {
            queue.lose();
            chronicle.natsLost();
        }
        up = true;
        listeners.values().forEach(listener -> listener.host().run(listener.reconnected()));
        dispatch();
    }
}
