package dev.antiphon.simulation;

import dev.antiphon.api.model.Capabilities;
import dev.antiphon.api.model.Capabilities.Continuation;
import dev.antiphon.api.model.Capabilities.Feature;
import dev.antiphon.api.model.Leftover;
import dev.antiphon.api.model.ModelAnswer;
import dev.antiphon.api.model.ModelCall;
import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.model.ModelTurn;
import dev.antiphon.api.model.ProviderFailure;
import dev.antiphon.api.model.TokenSink;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.Json;
import dev.antiphon.simulation.RemoteService.Purpose;
import dev.antiphon.simulation.RemoteService.Run;
import dev.antiphon.simulation.RemoteService.State;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SplittableRandom;

/// Follows runs of a {@link RemoteService}, as the provider for LangGraph servers does: it joins a run that an earlier
/// attempt has begun, leaves a run for the next attempt, and tells the service to stop an unwanted run.
final class RemoteProvider implements ModelProvider {

    static final String NAME = "remote";

    /// The end of the ids of messages about which the service asks its user.
    static final String ASKS = "q";

    /// The user's answer.
    static final String ANSWER = "go on";

    private static final int LOOKS = 3;
    private static final long BETWEEN_LOOKS = 500_000_000;

    private final Host host;
    private final RemoteService service;
    private final Chronicle chronicle;
    private final SplittableRandom random;
    private final Runnable death;

    /// @param death what a deadly request does to the process that runs it
    RemoteProvider(
            Host host,
            RemoteService service,
            Chronicle chronicle,
            SplittableRandom random,
            Runnable death) {
        this.host = host;
        this.service = service;
        this.chronicle = chronicle;
        this.random = random;
        this.death = death;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<String> models() {
        return List.of();
    }

    @Override
    public Capabilities capabilities() {
        return Capabilities.of(
                Continuation.REATTACH, Feature.USAGE, Feature.CANCEL, Feature.KEEPS_CONVERSATION);
    }

    @Override
    public boolean joinsPieces() {
        return true;
    }

    @Override
    public ModelAnswer stream(ModelCall call, TokenSink sink)
            throws ProviderFailure, InterruptedException {
        ModelCall.Asker asker = Objects.requireNonNull(call.asker());
        Purpose purpose =
                new Purpose(
                        asker.session(),
                        asker.incarnation(),
                        asker.message(),
                        asker.answers().size());
        boolean unwanted = true;
        try {
            ModelAnswer answer = follow(purpose, call, sink);
            unwanted = false;
            return answer;
        } catch (InterruptedException e) {
            unwanted = sink.isCancelled(); // else it continues for the next attempt
            throw e;
        } finally {
            if (unwanted) {
                host.thread("stop", () -> stopLater(purpose)).start();
            }
        }
    }

    private ModelAnswer follow(Purpose purpose, ModelCall call, TokenSink sink)
            throws ProviderFailure, InterruptedException {
        if (purpose.answers() > 0) {
            tellThatItContinues(purpose);
        }
        Run run = kept(purpose, call);
        String shown = run == null ? "" : call.streamed();
        if (run == null) {
            run = begun(purpose);
            sink.kept(run.id + "/" + purpose.answers());
        }
        if (run.state == State.STOPPED) {
            throw failure();
        }
        boolean fails = random.nextInt(15) == 0;
        for (String piece : run.text.substring(shown.length()).split("(?<= )", -1)) {
            host.sleep(random.nextLong(150_000_000));
            sink.content(piece);
            if (Asker.isDeadly(purpose.place())) {
                death.run();
            }
            if (fails && random.nextInt(3) == 0) {
                throw failure();
            }
        }
        if (run.state == State.STOPPED) {
            throw failure(); // its stream ends before its text
        }
        run.state = State.ENDED;
        return answer(purpose, run);
    }

    private void tellThatItContinues(Purpose purpose) {
        Purpose before =
                new Purpose(
                        purpose.session(),
                        purpose.incarnation(),
                        purpose.message(),
                        purpose.answers() - 1);
        service.find(before)
                .forEach(run -> chronicle.wentOn(purpose.place(), run.id + "/" + before.answers()));
    }

    private static ModelAnswer answer(Purpose purpose, Run run) {
        boolean asks = asks(purpose.place()) && purpose.answers() == 0;
        return new ModelAnswer(
                "",
                new ModelTurn.Assistant(run.text),
                new Completion("remote-1", null, Completion.FinishReason.STOP),
                asks ? Json.object().put("question", "Go on?").toString() : null);
    }

    static boolean asks(Place place) {
        return place.message().value().endsWith(ASKS);
    }

    /// The run that an earlier attempt has recorded.
    private @Nullable Run kept(Purpose purpose, ModelCall call)
            throws ProviderFailure, InterruptedException {
        ModelCall.Kept kept = call.kept();
        if (kept == null || !kept.handle().endsWith("/" + purpose.answers())) {
            return null;
        }
        String id = kept.handle().substring(0, kept.handle().indexOf('/'));
        List<Run> found = asked(service.ask(host, () -> service.get(id)));
        return found.isEmpty() ? null : found.getFirst();
    }

    /// A run that an attempt has begun without recording it; otherwise a new one.
    private Run begun(Purpose purpose) throws ProviderFailure, InterruptedException {
        List<Run> found = asked(service.ask(host, () -> service.find(purpose)));
        return found.isEmpty()
                ? asked(service.ask(host, () -> service.begin(purpose)))
                : found.getFirst();
    }

    private static <T> T asked(Optional<T> answer) throws ProviderFailure {
        return answer.orElseThrow(RemoteProvider::failure);
    }

    private static ProviderFailure failure() {
        return new ProviderFailure(ErrorCode.UNAVAILABLE, "The service failed.", null);
    }

    /// On a thread that dies with the process.
    private void stopLater(Purpose purpose) {
        try {
            for (int look = 0; look < LOOKS; look++) {
                Optional<Integer> stopped =
                        service.ask(
                                host,
                                () ->
                                        service.stop(
                                                purpose.session(),
                                                purpose.incarnation(),
                                                purpose.message()));
                if (stopped.filter(count -> count > 0).isPresent()) {
                    return;
                }
                host.sleep(BETWEEN_LOOKS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public boolean cleanUp(Leftover left) throws InterruptedException {
        return service.ask(
                        host,
                        () ->
                                service.stop(
                                        left.session(),
                                        left.incarnation(),
                                        left.whole() ? null : left.message()))
                .isPresent();
    }
}
