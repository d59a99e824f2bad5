package dev.antiphon.backplane.doorbell;

import dev.antiphon.backplane.SessionPods;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.Ring;
import dev.antiphon.protocol.RingBatch;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.time.Time;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/// Tells pods about entries that are in the log. Only {@link RingingSessionLog} rings, right after a commit.
///
/// Our pods get batches. A pod that got nothing for the length of a tick gets its entries at once. Under load the
/// entries of all runs of this process wait for the tick's end, and one message carries them. All other pods get each
/// entry at once in a message of its own.
///
/// A pod gets the entries of one session in the order of the calls. Any thread; nothing blocks.
public final class Doorbell implements AutoCloseable {

    /// How long entries for one pod are collected under load. With 8,000 chunks a second for one pod, 32 share a
    /// message; without it, about one (a process that waits only for its previous append). It is a quarter of the time
    /// that a screen shows one picture.
    public static final Duration TICK = Duration.ofMillis(4);

    /// Entries of one batch. A full batch is sent before the tick's end.
    private static final int MOST_ENTRIES = 256;

    /// As `MOST_ENTRIES`; and no more than the server takes. A longer entry is alone in its batch.
    private static final int MOST_BYTES = 256 << 10;

    /// Pods that are remembered, each with at most one batch. Beyond this number, the pod that was rung least recently
    /// gets its batch at once and is forgotten.
    private static final int MOST_PODS = 1_000;

    private final RingSender sender;
    private final Time time;
    private final long tickNanos;

    /// Guards all fields below, and keeps the order of what is sent.
    private final ReentrantLock lock = new ReentrantLock();

    private final Map<PodId, Collected> pods =
            new LinkedHashMap<>(16, 0.75f, true) {
                @Override
                protected boolean removeEldestEntry(Map.Entry<PodId, Collected> eldest) {
                    if (size() <= MOST_PODS) {
                        return false;
                    }
                    send(eldest.getKey(), eldest.getValue());
                    return true;
                }
            };

    private boolean ticking;
    private boolean closed;

    /// The entries that wait for one pod.
    private static final class Collected {
        private RingBatch batch = new RingBatch();
        private long sentAt;

        Collected(long sentAt) {
            this.sentAt = sentAt;
        }
    }

    public Doorbell(RingSender sender, Time time) {
        this(sender, time, TICK);
    }

    /// @param tick how long entries are collected, for a simulation of more load
    public Doorbell(RingSender sender, Time time, Duration tick) {
        this.sender = sender;
        this.time = time;
        this.tickNanos = tick.toNanos();
    }

    /// Rings each pod once for each entry, in order; batches can wait for the end of the tick.
    public void ring(SessionPods to, SessionId session, List<Entry> entries) {
        ring(to, session, entries, false);
    }

    /// As {@link #ring}, and nothing waits: for entries that come once in a message, while a user looks at an empty
    /// answer. They take the collected ones with them.
    public void ringAtOnce(SessionPods to, SessionId session, List<Entry> entries) {
        ring(to, session, entries, true);
    }

    private void ring(SessionPods to, SessionId session, List<Entry> entries, boolean atOnce) {
        if (to.isEmpty()) {
            return;
        }
        List<Ring> rings = new ArrayList<>(entries.size());
        entries.forEach(entry -> rings.add(new Ring(session, entry)));
        lock.lock();
        try {
            if (!to.single().isEmpty()) {
                sendWaiting(to.single());
                rings.forEach(ring -> sender.one(to.single(), ring));
            }
            for (PodId pod : to.batched()) {
                collect(pod, rings, atOnce);
            }
        } finally {
            lock.unlock();
        }
    }

    /// Pods that get single messages now might have taken batches a moment ago, and a batch that waits might have earlier
    /// entries of the session.
    private void sendWaiting(Set<PodId> single) {
        for (PodId pod : single) {
            Collected collected = pods.get(pod);
            if (collected != null) {
                send(pod, collected);
            }
        }
    }

    private void collect(PodId pod, List<Ring> rings, boolean atOnce) {
        long now = time.nanoTime();
        Collected collected = pods.get(pod);
        if (collected == null) {
            collected = new Collected(now - tickNanos);
            pods.put(pod, collected);
        }
        long waits = tickNanos - (now - collected.sentAt);
        for (Ring ring : rings) {
            if (isFull(collected.batch, ring)) {
                send(pod, collected);
            }
            collected.batch.add(ring);
        }
        if (atOnce || closed || waits <= 0) {
            send(pod, collected);
        } else if (!ticking) {
            ticking = true;
            time.after(waits, this::tick);
        }
    }

    private boolean isFull(RingBatch batch, Ring next) {
        return batch.rings().size() == MOST_ENTRIES
                || batch.bytesWith(next) > Math.min(MOST_BYTES, sender.mostBytes());
    }

    /// Sends what one pod waits for, if there is anything.
    private void send(PodId pod, Collected collected) {
        if (collected.batch.isEmpty()) {
            return;
        }
        RingBatch batch = collected.batch;
        collected.batch = new RingBatch();
        collected.sentAt = time.nanoTime();
        sender.batch(pod, batch);
    }

    /// One tick for all pods: entries for another pod wait a little less.
    private void tick() {
        lock.lock();
        try {
            ticking = false;
            pods.forEach(this::send);
        } finally {
            lock.unlock();
        }
    }

    /// Sends everything that waits. Entries that are rung later are sent at once.
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            pods.forEach(this::send);
        } finally {
            lock.unlock();
        }
    }
}
