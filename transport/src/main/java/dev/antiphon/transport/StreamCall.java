package dev.antiphon.transport;

import dev.antiphon.api.model.CallLimits;
import dev.antiphon.transport.Breakage.Limit;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.Optional;
import java.util.function.UnaryOperator;

/// One model call in progress: what the transport needs to stop in time, and what it found out.
///
/// Used only on the thread that streams.
public final class StreamCall {

    /// Limits the cost of a stream of tiny events: five minutes at 1,600 tokens a second.
    private static final int MAX_EVENTS = 500_000;

    private final CallLimits limits;
    private final Dialect dialect;
    private final long startNanos;
    private long aliveNanos = System.nanoTime();
    private int events;
    private boolean answering;
    private boolean ended;
    private boolean interrupted;
    private boolean over;
    private @Nullable Breakage breakage;
    private @Nullable String lastEventId;
    private String refusal = "";
    private UnaryOperator<String> rewriting = UnaryOperator.identity();

    public StreamCall(CallLimits limits, Dialect dialect) {
        this(limits, dialect, System.nanoTime());
    }

    /// Another connection of a call that began earlier.
    ///
    /// @param startNanos of {@link System#nanoTime}, when the first one began
    public StreamCall(CallLimits limits, Dialect dialect, long startNanos) {
        this.limits = limits;
        this.dialect = dialect;
        this.startNanos = startNanos;
    }

    /// Reports that a piece of the answer has come: from now on the idle limit applies.
    public void answering() {
        answering = true;
    }

    /// Ends the call: the connection is closed.
    public void stop() {
        over = true;
    }

    /// Ends the call with a reason. Only the first reason counts, because later ones follow from it.
    public void broke(Breakage why) {
        if (!over) {
            breakage = why;
            over = true;
        }
    }

    void interrupted() {
        interrupted = true;
        over = true;
    }

    /// Whether a piece of the answer has come.
    public boolean hasAnswered() {
        return answering;
    }

    /// Whether the service reported that the answer is whole.
    public boolean hasEnded() {
        return ended;
    }

    /// Whether the thread was interrupted while it waited for the service.
    public boolean wasInterrupted() {
        return interrupted;
    }

    /// Why the answer is possibly not whole; empty when nothing failed.
    public Optional<Breakage> breakage() {
        return Optional.ofNullable(breakage);
    }

    /// Whether the call has ended and needs no further bytes.
    boolean isOver() {
        return over;
    }

    /// Judges an event before the listener receives it.
    ///
    /// @return whether the listener receives it
    boolean take(@Nullable String event, String data) {
        if (++events > MAX_EVENTS) {
            broke(new Breakage.AnswerTooLong());
            return false;
        }
        return switch (dialect.judge(event, data)) {
            case Dialect.Verdict.Part _ -> true;
            case Dialect.Verdict.End _ -> {
                ended = true;
                over = true;
                yield true;
            }
            case Dialect.Verdict.MayEnd _ -> {
                ended = true;
                yield true;
            }
            case Dialect.Verdict.Failure(String reason, int status) -> {
                broke(new Breakage.Reported(reason, status));
                yield false;
            }
        };
    }

    /// Reports that the listener has processed an event.
    ///
    /// @param id the newest id in the stream, or null
    void workedOff(@Nullable String id) {
        if (!over || ended) {
            lastEventId = id;
        }
    }

    /// The id of the last processed event, for a service whose streams can be rejoined.
    public Optional<String> lastEventId() {
        return Optional.ofNullable(lastEventId);
    }

    /// A sign of life: the first-token and idle limits are measured from here. For an event, that is the time at which
    /// it has been processed, because the service is not responsible for the time that the log takes.
    void alive() {
        aliveNanos = System.nanoTime();
    }

    /// The service has refused the call.
    void refused(int status, String body, @Nullable Duration retryAfter) {
        refusal = body;
        broke(new Breakage.Refused(status, dialect.refusal(status, body), retryAfter));
    }

    /// The beginning of the body of a refusal; empty when there was no refusal. Not for users or logs, because it can
    /// repeat the request.
    public String refusal() {
        return refusal;
    }

    /// Changes the body of the request before it is sent.
    public void rewriting(UnaryOperator<String> change) {
        rewriting = change;
    }

    String rewritten(String body) {
        return rewriting.apply(body);
    }

    Breakage connectLimit() {
        return new Breakage.TooLate(Limit.CONNECT, limits.connect());
    }

    /// The current deadline for waiting for the service.
    Deadline deadline() {
        Deadline total = new Deadline(Limit.TOTAL, limits.total(), startNanos);
        Deadline next =
                answering
                        ? new Deadline(Limit.IDLE, limits.idle(), aliveNanos)
                        : new Deadline(Limit.FIRST_TOKEN, limits.firstToken(), aliveNanos);
        return next.nanosLeft() < total.nanosLeft() ? next : total;
    }

    /// The nearest limit.
    record Deadline(Limit limit, Duration after, long sinceNanos) {

        /// Negative when the deadline has passed.
        long nanosLeft() {
            return sinceNanos + after.toNanos() - System.nanoTime();
        }

        Breakage passed() {
            return new Breakage.TooLate(limit, after);
        }
    }
}
