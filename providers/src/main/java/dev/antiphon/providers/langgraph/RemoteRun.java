package dev.antiphon.providers.langgraph;

import dev.antiphon.api.model.CallLimits;
import dev.antiphon.api.model.ModelAnswer;
import dev.antiphon.api.model.ModelCall;
import dev.antiphon.api.model.ModelCall.Asker;
import dev.antiphon.api.model.ModelCall.Kept;
import dev.antiphon.api.model.ModelTransport.Request;
import dev.antiphon.api.model.ProviderFailure;
import dev.antiphon.api.model.TokenSink;
import dev.antiphon.providers.ReplayFilter;
import dev.antiphon.providers.langgraph.LangGraphServer.Found;
import dev.antiphon.providers.langgraph.LangGraphServer.InFlight;
import dev.antiphon.providers.langgraph.LangGraphServer.Progress;
import dev.antiphon.time.Time;
import dev.antiphon.transport.Breakage;
import dev.antiphon.transport.Breakage.Limit;
import dev.antiphon.transport.FailureText;
import dev.antiphon.transport.StreamCall;
import dev.antiphon.transport.StreamingTransport;

import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// One message on a LangGraph server, from its beginning or from where an earlier attempt left it, to its end.
/// Connections can be lost as often as the time limits allow: the run continues on the server, and this worker joins
/// it again.
///
/// The end of a stream alone has no meaning, and no end mark is sent by all servers. So the answer is complete when the
/// server ended the stream cleanly and reports that the run has ended.
final class RemoteRun {

    /// The run, and the number of the user's answers that it was given.
    private static final Pattern HANDLE = Pattern.compile("([0-9A-Za-z-]{1,64})/([0-9]{1,4})");

    private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);

    /// How often a blocking run is asked to stop before it is removed.
    private static final int CANCELLATIONS = 4;

    private final LangGraphServer server;
    private final StreamingTransport transport;
    private final CallLimits limits;
    private final FailureText failures;
    private final Time time;
    private final String assistant;
    private final ModelCall call;
    private final Asker asker;
    private final TokenSink sink;
    private final UUID thread;
    private final long startNanos;

    private GraphEvents events;
    private String lastEventId = LangGraphServer.FROM_THE_START;
    private long lastEventNanos;
    private Duration pause = FIRST_PAUSE;
    private boolean wasGone;

    /// Whether the server closed the connection before it named a run: the run is then searched for, once.
    private boolean wasCut;

    /// Whether the server may have begun a run that it did not name in time.
    private boolean mayRun;

    /// Whether the server has reported the end of the run, so that there is nothing to stop.
    private boolean ended;

    /// The outcome of one connection.
    private enum Outcome {
        WHOLE,
        /// Join the run again.
        CUT,
        /// Another run of the thread has not ended.
        OCCUPIED,
        /// The server has lost the run.
        GONE
    }

    RemoteRun(
            LangGraphServer server,
            StreamingTransport transport,
            CallLimits limits,
            FailureText failures,
            Time time,
            String assistant,
            ModelCall call,
            TokenSink sink) {
        this.server = server;
        this.transport = transport;
        this.limits = limits;
        this.failures = failures;
        this.time = time;
        this.assistant = assistant;
        this.call = call;
        this.sink = sink;
        Asker whom = call.asker();
        if (whom == null) {
            throw new IllegalArgumentException("a thread needs its session");
        }
        this.asker = whom;
        this.thread = LangGraphServer.thread(whom.session(), whom.incarnation());
        this.startNanos = time.nanoTime();
        this.lastEventNanos = startNanos;
        this.events = newEvents();
    }

    private GraphEvents newEvents() {
        return new GraphEvents(
                sink, "/" + asker.answers().size(), new StreamCall(limits, GraphEvents::judge));
    }

    /// Blocks until the run has ended or waits for its user.
    ///
    /// @throws ProviderFailure when it fails; as far as can be known, nothing runs on the server then
    /// @throws InterruptedException when this worker must stop following it; if the message was cancelled, the run
    ///     is stopped
    ModelAnswer follow() throws ProviderFailure, InterruptedException {
        boolean unwanted = true;
        try {
            joinWhatWasKept();
            ModelAnswer answer = followToTheEnd();
            unwanted = false;
            return answer;
        } catch (InterruptedException e) {
            // When the process stops or another worker took over, the run continues for
            // that worker.
            unwanted = sink.isCancelled();
            throw e;
        } finally {
            if (unwanted && !ended && (events.run() != null || mayRun || sink.isCancelled())) {
                server.cancelLater(thread, events.run(), asker);
            }
        }
    }

    private void joinWhatWasKept() {
        Kept kept = call.kept();
        Matcher handle = HANDLE.matcher(kept == null ? "" : kept.handle());
        // After an answer of the user, another run continues from the stored state.
        if (kept != null
                && handle.matches()
                && Integer.parseInt(handle.group(2)) == asker.answers().size()) {
            events.runs(handle.group(1), new ReplayFilter(call.streamed(), kept));
        }
    }

    /// An attempt whose reply was lost may have begun the run, and the run may have ended since. A second run would
    /// have the effects twice, and the user's answer would also answer the graph's next question.
    private void joinWhatWasBegun() throws ProviderFailure, InterruptedException {
        switch (server.find(thread, asker)) {
            case Found.Run(String run) -> joins(run);
            case Found.Nothing _ -> {}
            case Found.Unknown(Breakage why) -> throw failure(why);
        }
    }

    /// A run of this message, begun by an attempt that could no longer record it.
    private void joins(String run) throws InterruptedException {
        events.runs(run, ReplayFilter.nothing());
        sink.kept(run + "/" + asker.answers().size());
    }

    private ModelAnswer followToTheEnd() throws ProviderFailure, InterruptedException {
        for (int occupied = 0; ; ) {
            if (events.run() == null) {
                joinWhatWasBegun();
            }
            switch (connect(next())) {
                case WHOLE -> {
                    return events.answer(assistant);
                }
                case CUT -> pauseWithinLimits();
                case OCCUPIED -> {
                    occupied++;
                    makeRoom(occupied);
                }
                case GONE -> beginAgain();
            }
        }
    }

    private Request next() {
        String run = events.run();
        return run == null
                ? server.begin(thread, assistant, asker, RunPayload.of(call, asker))
                : server.join(thread, run, lastEventId);
    }

    private Outcome connect(Request request) throws ProviderFailure, InterruptedException {
        boolean joins = events.run() != null;
        StreamCall stream = new StreamCall(whatIsLeft(), GraphEvents::judge);
        events.connected(stream);
        transport.stream(request, stream, events);
        events.throwWhatTheSinkThrew();
        if (stream.wasInterrupted()) {
            throw new InterruptedException("interrupted while a remote graph ran");
        }
        boolean hasNewEvents = stream.lastEventId().filter(this::isNew).isPresent();
        if (stream.hasEnded()) {
            return Outcome.WHOLE;
        }
        return switch (stream.breakage().orElse(null)) {
            case null -> judgeByProgress(joins);
            case Breakage.Cut _ -> cut(new Breakage.Cut());
            case Breakage.Unreachable why -> cut(why);
            case Breakage.Refused why -> refused(why, joins);
            case Breakage.Reported _ when joins && !hasNewEvents && progress() == Progress.GONE ->
                    Outcome.GONE;
            case Breakage.TooLate(Limit limit, _) when limit == Limit.CONNECT ->
                    cut(new Breakage.TooLate(limit, limits.connect()));
            case Breakage.TooLate(Limit limit, _) -> {
                mayRun = !joins;
                throw tooLate(limit);
            }
            case Breakage.Reported why -> {
                ended = true;
                throw broken(why);
            }
            case Breakage why -> {
                mayRun = !joins;
                throw failure(why);
            }
        };
    }

    private boolean isNew(String id) {
        if (id.equals(lastEventId)) {
            return false;
        }
        lastEventId = id;
        lastEventNanos = time.nanoTime();
        pause = FIRST_PAUSE;
        return true;
    }

    /// The server ended the stream cleanly, because the run has ended or because the server stops.
    ///
    /// @param joins whether the stream was joined: the server does not keep ended streams forever
    private Outcome judgeByProgress(boolean joins) throws ProviderFailure, InterruptedException {
        return switch (progress()) {
            case DONE -> {
                if (joins
                        && !events.hasBegun()
                        && lastEventId.equals(LangGraphServer.FROM_THE_START)) {
                    ended = true;
                    // Nothing was repeated, not even the start of the run: the text that was shown
                    // is the best that exists.
                    throw failures.of(new Breakage.Cut(), assistant, true);
                }
                yield Outcome.WHOLE;
            }
            case INTERRUPTED -> {
                if (events.question() == null) {
                    ended = true;
                    throw failure(new Breakage.Cut()); // stopped on the server by someone else
                }
                yield Outcome.WHOLE;
            }
            case FAILED -> {
                ended = true;
                throw broken(new Breakage.Reported(null));
            }
            case GONE -> Outcome.GONE;
            case GOING, UNKNOWN -> Outcome.CUT;
        };
    }

    private Progress progress() throws InterruptedException {
        String run = events.run();
        return run == null ? Progress.UNKNOWN : server.progress(thread, run);
    }

    /// @param why the error if not even the run is known
    private Outcome cut(Breakage why) throws ProviderFailure {
        if (events.run() == null) {
            mayRun = why instanceof Breakage.Cut;
            if (!mayRun || wasCut) {
                throw failure(why); // the caller retries when the server was unreachable
            }
            wasCut = true;
        }
        return Outcome.CUT;
    }

    private Outcome refused(Breakage.Refused why, boolean joins) throws ProviderFailure {
        int status = why.status();
        if (joins) {
            if (status == 404) {
                return Outcome.GONE;
            }
            if (status >= 500 || status == 429 || status == 408) {
                return Outcome.CUT;
            }
        } else if (status == 409 || status == 422) {
            // Or the server does not accept the request, which shows when no run blocks the thread.
            return Outcome.OCCUPIED;
        }
        if (status == 404) { // the thread exists, so the graph is missing
            throw failure(new Breakage.Refused(404, FailureText.MODEL_NOT_FOUND, null));
        }
        throw failure(why);
    }

    /// Another run of the thread has not ended. It is this message's own, begun by a worker that died before it could
    /// record it; or a run of an earlier message, which has ended here and must stop; or a foreign one.
    private void makeRoom(int times) throws ProviderFailure, InterruptedException {
        Optional<InFlight> found = server.inFlight(thread, asker);
        if (found.isEmpty() && times > 1) {
            throw failure(new Breakage.Refused(422, null, null));
        }
        if (found.isPresent()) {
            InFlight other = found.get();
            if (other.wanted()) {
                joins(other.run());
                return;
            }
            if (other.ours() && times < CANCELLATIONS) {
                server.cancel(thread, other.run());
            } else if (other.ours()) {
                server.delete(thread, other.run());
            }
        }
        pauseWithinLimits();
    }

    /// Withdraws what was shown of a run that the server has lost.
    private void beginAgain() throws ProviderFailure, InterruptedException {
        if (wasGone) {
            throw failure(new Breakage.Cut());
        }
        wasGone = true;
        events = newEvents();
        lastEventId = LangGraphServer.FROM_THE_START;
        sink.reset();
    }

    private void pauseWithinLimits() throws ProviderFailure, InterruptedException {
        Limit limit = events.hasBegun() ? Limit.IDLE : Limit.FIRST_TOKEN;
        long since = events.hasBegun() ? lastEventNanos : startNanos;
        Duration most = events.hasBegun() ? limits.idle() : limits.firstToken();
        if (time.nanoTime() - since > most.toNanos()) {
            throw events.hasBegun() ? failure(new Breakage.Cut()) : tooLate(limit);
        }
        time.sleep(time.about(pause).toNanos());
        pause = pause.multipliedBy(2);
        pause = pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause;
    }

    /// The limits of the next connection: the limits of the call, minus the time that has passed.
    private CallLimits whatIsLeft() throws ProviderFailure {
        Duration passed = Duration.ofNanos(time.nanoTime() - startNanos);
        if (passed.compareTo(limits.total()) >= 0) {
            throw tooLate(Limit.TOTAL);
        }
        Duration first = limits.firstToken().minus(passed);
        if (!first.isPositive() && !events.hasBegun()) {
            throw tooLate(Limit.FIRST_TOKEN);
        }
        return new CallLimits(
                limits.connect(),
                first.isPositive() ? first : limits.firstToken(),
                limits.idle(),
                limits.total().minus(passed));
    }

    private ProviderFailure tooLate(Limit limit) {
        Duration after =
                switch (limit) {
                    case CONNECT -> limits.connect();
                    case FIRST_TOKEN -> limits.firstToken();
                    case IDLE -> limits.idle();
                    case TOTAL -> limits.total();
                };
        return failure(new Breakage.TooLate(limit, after));
    }

    /// A failed run is not started again, whatever the reason, because its steps may have had their effects.
    private ProviderFailure broken(Breakage.Reported why) {
        return failures.of(why, assistant, true);
    }

    private ProviderFailure failure(Breakage why) {
        return failures.of(why, assistant, events.hasBegun());
    }
}
