package dev.antiphon.gateway.stream;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;

/// Counts what should be rare: everything that was dropped, repaired, repeated or given up. Any thread may count and
/// read.
public final class Counters {

    /// What is counted.
    public enum Count {
        /// A ring did not fit into the hand-over to the loop; the log has it.
        RING_DROPPED,
        /// A ring came for a session that nobody watches here.
        RING_UNWATCHED,
        /// A ring came for an entry that was taken before.
        RING_DOUBLE,
        /// An entry came before one that must come first.
        GAP,
        /// An entry's hash does not continue ours: it is not the log's, or our end of the log is gone.
        MISMATCH,
        /// An early entry did not fit into its feed's bound; the log has it.
        EARLY_DROPPED,
        /// A feed read the log to fill a gap.
        REPAIR,
        /// The poll found entries that nobody rang for.
        POLL_FOUND,
        /// The log could not be read; it is tried again.
        READ_FAILED,
        /// A client had to begin again.
        RESYNC,
        /// A client did not read and was closed.
        SLOW_CLOSED,
        /// A registry call failed; it is tried again.
        REGISTRY_FAILED,
        /// A connection could not be taken out of the registry when it left; all are registered anew.
        DEPARTURE_DROPPED,
        /// A dead pod's member was taken out of the registry.
        REAPED,
        /// A client was told that a server is away, or back.
        STATUS,
        /// A hint of a user's list did not fit; the poll finds what it told.
        LIST_HINT_DROPPED,
        /// The poll found changes of a user's list that no hint had told.
        LIST_REPAIRED,
        /// A user's list could not be read; it is read again.
        LIST_FAILED,
        /// A stream was ended because this pod stops.
        DRAINED,
        /// A plain worker's chunk was appended to the log here.
        PLAIN_APPENDED,
        /// A plain worker's chunk came that was in the log: another pod was first, or it was sent twice.
        PLAIN_DOUBLE,
        /// A plain worker's chunk waited for those before it.
        PLAIN_HELD,
        /// Chunks of a plain worker did not come and were given up.
        PLAIN_GAP,
        /// A plain worker's chunk came for a message that one of our workers runs, or that has ended.
        PLAIN_IGNORED,
        /// A plain worker's chunk did not fit, or its session has no log.
        PLAIN_DROPPED,
        /// Redis did not take a plain worker's chunks; they are offered again.
        PLAIN_FAILED
    }

    private final Map<Count, LongAdder> counts;
    private final LongAdder relayed = new LongAdder();
    private final LongAdder relayNanos = new LongAdder();

    public Counters() {
        Map<Count, LongAdder> all = new EnumMap<>(Count.class);
        for (Count count : Count.values()) {
            all.put(count, new LongAdder());
        }
        counts = Collections.unmodifiableMap(all);
    }

    void add(Count count) {
        adder(count).increment();
    }

    void add(Count count, long times) {
        adder(count).add(times);
    }

    public long of(Count count) {
        return adder(count).sum();
    }

    private LongAdder adder(Count count) {
        return Objects.requireNonNull(counts.get(count), "every count has an adder");
    }

    /// Rings were taken and written on.
    ///
    /// @param nanos from when the first of them came
    void relayed(int rings, long nanos) {
        relayed.add(rings);
        relayNanos.add(nanos * rings);
    }

    /// Rings that were taken and written on.
    public long relayed() {
        return relayed.sum();
    }

    /// Nanoseconds that they waited here together, each counted from when the first of its batch came.
    public long relayNanos() {
        return relayNanos.sum();
    }
}
