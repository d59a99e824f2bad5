package dev.antiphon.engine.run;

import dev.antiphon.protocol.ErrorCode;

import java.time.Duration;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;

/// Counts what a worker does about what goes wrong, and how long its writing takes. Any thread may count and read.
public final class Counters {

    /// What is counted.
    public enum Count {
        /// A request was delivered again.
        REDELIVERED,
        /// A delivery is held until its message ends, because a live worker is at its session.
        BUSY,
        /// A plain publisher's request was put off: too many messages of its session wait.
        FULL,
        /// An attempt began after another one of the same message.
        TAKEN_OVER,
        /// A half-streamed answer was continued where it stood.
        CONTINUED,
        /// A half-streamed answer was withdrawn, to begin anew.
        RESET,
        /// The log did not take an append: another attempt owns the run.
        FENCED,
        /// The log did not take an append: its chunk number is not the next.
        OUT_OF_SEQUENCE,
        /// A run was stopped because its message was cancelled.
        CANCELLED,
        /// A stopping worker gave a run back.
        RELEASED,
        /// A model call that failed before its first piece was repeated.
        MODEL_RETRIED,
        /// A call to a server that did not answer was repeated.
        ASKED_AGAIN,
        /// An append that was not answered was repeated.
        APPEND_REPEATED,
        /// The lease was not renewed in time.
        LEASE_LATE,
        /// A message was given up after too many attempts.
        POISON,
        /// A request went to the dead letters.
        DEAD_LETTER,
        /// A request was dropped because its session was deleted.
        WITHDRAWN,
        /// A dead worker's run was published again.
        RESCUED,
        /// A message that nobody was at was published again.
        SWEPT,
        /// A claim of ours that no run had was given back.
        GIVEN_BACK,
        /// A request that was done was still stored, and freed.
        PURGED,
        /// A message that had ended was not ended any more when its request was to be acked: Redis had forgotten it.
        FORGOTTEN,
        /// A request waits for no ack, because too many do; it comes again and is acked then.
        ACK_DROPPED,
        /// The history was unavailable when a session's answers were to be stored; they are stored later.
        SETTLED_LATER,
        /// What a service still did or kept for a message or session that had ended was ended or removed there.
        CLEANED_UP,
        /// A service did not take a clean-up; it is tried again.
        CLEANUP_REPEATED,
        /// A clean-up was given up after too many tries, or there was no room for it.
        CLEANUP_LOST,
        /// A session's log could not be put into the history.
        HISTORY_INCOMPLETE
    }

    /// A wall clock is another machine's; beyond this its time says nothing.
    private static final Duration LONGEST_WAIT = Duration.ofDays(1);

    private final Map<Count, LongAdder> counts = adders(Count.class);
    private final Map<ErrorCode, LongAdder> failures = adders(ErrorCode.class);
    private final LongAdder appended = new LongAdder();
    private final LongAdder appendNanos = new LongAdder();
    private final LongAdder begun = new LongAdder();
    private final LongAdder beginNanos = new LongAdder();

    private static <E extends Enum<E>> Map<E, LongAdder> adders(Class<E> type) {
        Map<E, LongAdder> all = new EnumMap<>(type);
        for (E each : type.getEnumConstants()) {
            all.put(each, new LongAdder());
        }
        return Collections.unmodifiableMap(all);
    }

    private static <E extends Enum<E>> LongAdder adder(Map<E, LongAdder> all, E one) {
        return Objects.requireNonNull(all.get(one), "every constant has an adder");
    }

    void add(Count count) {
        add(count, 1);
    }

    void add(Count count, long times) {
        adder(counts, count).add(times);
    }

    public long of(Count count) {
        return adder(counts, count).sum();
    }

    /// An answer ended with an error.
    void failed(ErrorCode code) {
        adder(failures, code).increment();
    }

    /// Answers that ended with this error.
    public long failures(ErrorCode code) {
        return adder(failures, code).sum();
    }

    /// An append was taken.
    ///
    /// @param nanos since it was first sent, over all its repetitions
    void appended(long nanos) {
        appended.increment();
        appendNanos.add(nanos);
    }

    /// Appends that were taken.
    public long appended() {
        return appended.sum();
    }

    /// Nanoseconds that all appends took together.
    public long appendNanos() {
        return appendNanos.sum();
    }

    /// An answer's first chunk is in the log.
    ///
    /// @param wait since the message was asked, by two machines' wall clocks
    void begun(Duration wait) {
        if (!wait.isNegative() && wait.compareTo(LONGEST_WAIT) < 0) {
            begun.increment();
            beginNanos.add(wait.toNanos());
        }
    }

    /// Answers whose first chunk was written here.
    public long begun() {
        return begun.sum();
    }

    /// Nanoseconds from asking to the first chunk, of all of them together.
    public long beginNanos() {
        return beginNanos.sum();
    }
}
