package dev.antiphon.simulation;

import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.simulation.Faults.Kind;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/// A service whose runs continue without us, like a LangGraph server's: until a worker has followed a run to its end,
/// or has told the service to stop it. Its network loses requests and replies.
final class RemoteService {

    private static final Duration ANSWERS_WITHIN = Duration.ofSeconds(5);

    /// The purpose of a run, as in its metadata.
    ///
    /// @param answers the number of the user's answers that it was given
    record Purpose(SessionId session, String incarnation, MessageId message, int answers) {

        Place place() {
            return new Place(session, message);
        }
    }

    enum State {
        GOING,
        ENDED,
        STOPPED
    }

    /// One run, with its whole text.
    static final class Run {
        final String id;
        final Purpose purpose;
        final String text;
        final long begunAt;
        State state = State.GOING;

        private Run(String id, Purpose purpose, String text, long begunAt) {
            this.id = id;
            this.begunAt = begunAt;
            this.purpose = purpose;
            this.text = text;
        }
    }

    private final Scheduler scheduler;
    private final Faults faults;
    private final Chronicle chronicle;
    private final Map<String, Run> runs = new LinkedHashMap<>();

    RemoteService(Scheduler scheduler, Faults faults, Chronicle chronicle) {
        this.scheduler = scheduler;
        this.faults = faults;
        this.chronicle = chronicle;
    }

    /// Runs that were neither followed to their end nor stopped.
    List<Run> going() {
        return runs.values().stream().filter(run -> run.state == State.GOING).toList();
    }

    /// Sends a request to the service. It may have taken effect without an answer.
    ///
    /// @return empty when no answer came
    <T> Optional<T> ask(Host host, Supplier<T> question) throws InterruptedException {
        CompletableFuture<T> answer = new CompletableFuture<>();
        boolean requestLost = faults.happens(Kind.SERVICE_REQUEST_LOST);
        boolean replyLost = faults.happens(Kind.SERVICE_REPLY_LOST);
        scheduler.after(
                latency(),
                () -> {
                    if (!requestLost) {
                        T told = question.get();
                        if (!replyLost) {
                            scheduler.after(latency(), () -> host.run(() -> answer.complete(told)));
                        }
                    }
                });
        try {
            return Optional.of(host.get(answer, ANSWERS_WITHIN));
        } catch (TimeoutException e) {
            return Optional.empty();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    private long latency() {
        return scheduler.random().nextLong(1_000_000, 50_000_000);
    }

    // The requests

    /// A list, because an answer cannot be null.
    List<Run> find(Purpose purpose) {
        return runs.values().stream().filter(run -> run.purpose.equals(purpose)).toList();
    }

    List<Run> get(String id) {
        Run run = runs.get(id);
        return run == null ? List.of() : List.of(run);
    }

    /// A thread has one run at a time. A run with the same purpose is joined; another one is stopped.
    Run begin(Purpose purpose) {
        for (Run other : going()) {
            if (other.purpose.equals(purpose)) {
                return other;
            }
        }
        stop(purpose.session(), purpose.incarnation(), null);
        String id = "r" + (runs.size() + 1);
        int pieces = scheduler.random().nextInt(1, 15);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < pieces; i++) {
            text.append(purpose.message()).append('#').append(id).append('.').append(i).append(' ');
        }
        Run run = new Run(id, purpose, text.toString(), scheduler.now());
        runs.put(id, run);
        List<String> before = new ArrayList<>(List.of(""));
        if (purpose.answers() > 0) {
            runs.values().stream()
                    .filter(each -> each.purpose.place().equals(purpose.place()))
                    .filter(each -> each.purpose.answers() == purpose.answers() - 1)
                    .forEach(each -> before.add(each.text));
        }
        before.forEach(each -> chronicle.attempt(purpose.place(), each + run.text));
        return run;
    }

    /// Stops the runs of a message.
    ///
    /// @param message null for all runs of a session
    int stop(SessionId session, String incarnation, @Nullable MessageId message) {
        int stopped = 0;
        for (Run run : going()) {
            Purpose of = run.purpose;
            if (of.session().equals(session)
                    && of.incarnation().equals(incarnation)
                    && (message == null || of.message().equals(message))) {
                run.state = State.STOPPED;
                stopped++;
            }
        }
        return stopped;
    }
}
