package dev.antiphon.transport;

import dev.antiphon.api.model.CallLimits;
import dev.antiphon.transport.Breakage.Limit;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.Optional;
import java.util.function.UnaryOperator;

/// One model call under way: what the transport must know to stop in time, and what it found out.
///
/// Everything happens on the thread that streams.
public final class StreamCall {

    /// Bounds what a stream of tiny events costs. Five minutes at 1,600 tokens a second.
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

    /// A further connection of a call that began earlier.
    ///
    /// @param startNanos of {@link System#nanoTime}, when the first one began
    public StreamCall(CallLimits limits, Dialect dialect, long startNanos) {
        this.limits = limits;
        this.dialect = dialect;
        this.startNanos = startNanos;
    }

    /// Tells that a piece of the answer has come: from now on the idle limit counts.
    public void answering() {
        answering = true;
    }

    /// Nothing more is wanted; the connection is closed.
    public void stop() {
        over = true;
    }

    /// As {@link #stop}, and why. The first reason stands: later ones follow from it.
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

    /// Whether the service said that the answer is whole.
    public boolean hasEnded() {
        return ended;
    }

    /// Whether the thread was interrupted while it waited for the service.
    public boolean wasInterrupted() {
        return interrupted;
    }

    /// Why the answer may not be whole.
    public Optional<Breakage> breakage() {
        return Optional.ofNullable(breakage);
    }

    /// Whether no further byte is wanted.
    boolean isOver() {
        return over;
    }

    /// Judges an event before the listener sees it.
    ///
    /// @return whether it is for the listener
    boolean take(@Nullable String event, String data) {
        if (++events > MAX_EVENTS) {
            broke(new Breakage.AnswerTooLong());
            return false;
        }
        return switch (dialect.sign(event, data)) {
            case Dialect.Sign.Part _ -> true;
            case Dialect.Sign.End _ -> {
                ended = true;
                over = true;
                yield true;
            }
            case Dialect.Sign.MayEnd _ -> {
                ended = true;
                yield true;
            }
            case Dialect.Sign.Failure(String reason, int status) -> {
                broke(new Breakage.Reported(reason, status));
                yield false;
            }
        };
    }

    /// An event was passed on as far as the call lasted.
    ///
    /// @param id the newest id in the stream, or null
    void workedOff(@Nullable String id) {
        if (!over || ended) {
            lastEventId = id;
        }
    }

    /// The id of the last event that was worked off, for a service that lets its streams be joined again.
    public Optional<String> lastEventId() {
        return Optional.ofNullable(lastEventId);
    }

    /// A sign of life: the first-token and idle limits count from here. For an event that is when it is worked off, because
    /// the time that the log takes is not the service's.
    void alive() {
        aliveNanos = System.nanoTime();
    }

    /// The service has refused the call.
    void refused(int status, String body, @Nullable Duration retryAfter) {
        refusal = body;
        broke(new Breakage.Refused(status, dialect.refusal(status, body), retryAfter));
    }

    /// The beginning of a refusal's body; empty when there was no refusal. Not for users and logs: it may repeat what was
    /// sent.
    public String refusal() {
        return refusal;
    }

    /// Has the request's body changed before it is sent.
    public void rewriting(UnaryOperator<String> change) {
        rewriting = change;
    }

    String rewritten(String body) {
        return rewriting.apply(body);
    }

    Breakage connectLimit() {
        return new Breakage.TooLate(Limit.CONNECT, limits.connect());
    }

    /// When waiting for the service must end, as it looks now.
    Deadline deadline() {
        Deadline total = new Deadline(Limit.TOTAL, limits.total(), startNanos);
        Deadline next =
                answering
                        ? new Deadline(Limit.IDLE, limits.idle(), aliveNanos)
                        : new Deadline(Limit.FIRST_TOKEN, limits.firstToken(), aliveNanos);
        return next.nanosLeft() < total.nanosLeft() ? next : total;
    }

    /// The nearest of the limits.
    record Deadline(Limit limit, Duration after, long sinceNanos) {

        /// Negative when it has passed.
        long nanosLeft() {
            return sinceNanos + after.toNanos() - System.nanoTime();
        }

        Breakage passed() {
            return new Breakage.TooLate(limit, after);
        }
    }
}
