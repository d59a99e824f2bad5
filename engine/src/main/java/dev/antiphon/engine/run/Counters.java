package dev.antiphon.engine.run;

import dev.antiphon.protocol.ErrorCode;

import java.time.Duration;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;

/// Counts what a worker does about failures, and measures how long its writes take. Thread-safe.
public final class Counters {

    /// The counted events.
    public enum Count {
        /// A request was delivered again.
        REDELIVERED,
        /// A delivery is held until its message ends, because a live worker has its session.
        BUSY,
        /// A request of a plain publisher was postponed: too many messages of its session wait.
        FULL,
        /// An attempt began after another one at the same message.
        TAKEN_OVER,
        /// A half-streamed answer was continued from where it stopped.
        CONTINUED,
        /// A half-streamed answer was withdrawn, to start again.
        RESET,
        /// The log refused an append: another attempt owns the run.
        FENCED,
        /// The log refused an append: its chunk number is not the next.
        OUT_OF_SEQUENCE,
        /// A run was stopped because its message was cancelled.
        CANCELLED,
        /// A stopping worker released a run.
        RELEASED,
        /// A model call that failed before its first piece was retried.
        MODEL_RETRIED,
        /// A call to a server that did not answer was retried.
        ASKED_AGAIN,
        /// An append that was not answered was retried.
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
        /// A message without a worker was published again.
        SWEPT,
        /// A claim of this worker that belonged to no run was released.
        GIVEN_BACK,
        /// A finished request was still stored in the queue, and was purged.
        PURGED,
        /// Redis had lost the end of a message when its request was to be acked.
        FORGOTTEN,
        /// The ack of a request was dropped, because too many wait; the request comes again and is acked then.
        ACK_DROPPED,
        /// The history was unavailable when a session's answers were to be stored; they are stored later.
        SETTLED_LATER,
        /// Work or data of an ended message or session was ended or removed at a service.
        CLEANED_UP,
        /// A service did not accept a clean-up; it is retried.
        CLEANUP_REPEATED,
        /// A clean-up was given up after too many tries, or because there was no room for it.
        CLEANUP_LOST,
        /// A session's log could not be stored in the history.
        HISTORY_INCOMPLETE
    }

    /// The wall clock of another machine can be wrong; beyond this limit its time is ignored.
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

    /// The number of answers that ended with this error.
    public long failures(ErrorCode code) {
        return adder(failures, code).sum();
    }

    /// An append was accepted.
    ///
    /// @param nanos since it was first sent, over all its repetitions
    void appended(long nanos) {
        appended.increment();
        appendNanos.add(nanos);
    }

    /// The number of accepted appends.
    public long appended() {
        return appended.sum();
    }

    /// The total duration of all appends, in nanoseconds.
    public long appendNanos() {
        return appendNanos.sum();
    }

    /// An answer's first chunk is in the log.
    ///
    /// @param wait since the user asked, by the wall clocks of two machines
    void begun(Duration wait) {
        if (!wait.isNegative() && wait.compareTo(LONGEST_WAIT) < 0) {
            begun.increment();
            beginNanos.add(wait.toNanos());
        }
    }

    /// The number of answers whose first chunk this worker wrote.
    public long begun() {
        return begun.sum();
    }

    /// The total time from question to first chunk, in nanoseconds.
    public long beginNanos() {
        return beginNanos.sum();
    }
}
