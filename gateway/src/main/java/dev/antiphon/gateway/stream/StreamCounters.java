package dev.antiphon.gateway.stream;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;

/// Counts events that should be rare: everything that was dropped, repaired, retried or given up. Any thread can count
/// and read.
public final class StreamCounters {

    /// The kinds of events.
    public enum StreamCount {
        /// A ring did not fit into the hand-over to the loop; the log has its entry.
        RING_DROPPED,
        /// A ring arrived for a session without a watcher here.
        RING_UNWATCHED,
        /// A ring arrived for an entry that was already taken.
        RING_DOUBLE,
        /// An entry arrived before one that must come first.
        GAP,
        /// An entry's hash does not continue ours: the log does not have it, or our end of the log is gone.
        MISMATCH,
        /// An early entry did not fit into its feed's bound; the log has it.
        EARLY_DROPPED,
        /// A feed read the log to fill a gap.
        REPAIR,
        /// The poll found entries without a ring.
        POLL_FOUND,
        /// Reading the log failed; it is retried.
        READ_FAILED,
        /// A client had to begin again.
        RESYNC,
        /// A client did not read, and its connection was closed.
        SLOW_CLOSED,
        /// A registry call failed; it is retried.
        REGISTRY_FAILED,
        /// The departure of a connection could not be registered and was given up; all connections are
        /// registered again.
        DEPARTURE_DROPPED,
        /// A dead pod's member was removed from the registry.
        REAPED,
        /// A client got the news that a server is unavailable, or available again.
        STATUS,
        /// A hint for a user's list did not fit; the poll finds the change.
        LIST_HINT_DROPPED,
        /// The poll found changes of a user's list without a hint.
        LIST_REPAIRED,
        /// Reading a user's list failed; it is retried.
        LIST_FAILED,
        /// A stream was ended because this pod stops.
        DRAINED,
        /// A plain worker's chunk was appended to the log here.
        PLAIN_APPENDED,
        /// A plain worker's chunk arrived that was already in the log: another pod was first, or it was sent twice.
        PLAIN_DOUBLE,
        /// A plain worker's chunk waited for earlier ones.
        PLAIN_HELD,
        /// Chunks of a plain worker did not arrive and were given up.
        PLAIN_GAP,
        /// A plain worker's chunk arrived for a message that one of our workers runs, or that has ended.
        PLAIN_IGNORED,
        /// A plain worker's chunk did not fit, or its session has no log.
        PLAIN_DROPPED,
        /// Redis did not take a plain worker's chunks; the pod offers them again.
        PLAIN_FAILED
    }

    private final Map<StreamCount, LongAdder> counts;
    private final LongAdder relayed = new LongAdder();
    private final LongAdder relayNanos = new LongAdder();

    public StreamCounters() {
        Map<StreamCount, LongAdder> all = new EnumMap<>(StreamCount.class);
        for (StreamCount count : StreamCount.values()) {
            all.put(count, new LongAdder());
        }
        counts = Collections.unmodifiableMap(all);
    }

    void add(StreamCount count) {
        adder(count).increment();
    }

    void add(StreamCount count, long times) {
        adder(count).add(times);
    }

    public long of(StreamCount count) {
        return adder(count).sum();
    }

    private LongAdder adder(StreamCount count) {
        return Objects.requireNonNull(counts.get(count), "every count has an adder");
    }

    /// Records rings that were taken and written to clients.
    ///
    /// @param nanos since the first of them arrived
    void relayed(int rings, long nanos) {
        relayed.add(rings);
        relayNanos.add(nanos * rings);
    }

    /// Rings that were taken and written to clients.
    public long relayed() {
        return relayed.sum();
    }

    /// The nanoseconds that they waited here in total, each counted from the arrival of the first of its batch.
    public long relayNanos() {
        return relayNanos.sum();
    }
}
