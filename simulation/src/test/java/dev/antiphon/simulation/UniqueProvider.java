package dev.antiphon.simulation;

import dev.antiphon.api.model.Capabilities;
import dev.antiphon.api.model.Capabilities.Continuation;
import dev.antiphon.api.model.Capabilities.Feature;
import dev.antiphon.api.model.ModelAnswer;
import dev.antiphon.api.model.ModelCall;
import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.model.ModelTurn;
import dev.antiphon.api.model.ProviderFailure;
import dev.antiphon.api.model.TokenSink;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.time.Time;

import java.util.List;
import java.util.SplittableRandom;

/// A model that never repeats a text: no attempt can be continued, and mixing the texts of two attempts would
/// be visible.
final class UniqueProvider implements ModelProvider {

    static final String NAME = "unique";

    private final Time time;
    private final Chronicle chronicle;
    private final SplittableRandom random;
    private final Runnable death;

    /// @param death what a deadly request does to the process that runs it
    UniqueProvider(Time time, Chronicle chronicle, SplittableRandom random, Runnable death) {
        this.time = time;
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
        return Capabilities.of(Continuation.RESTART, Feature.USAGE, Feature.CANCEL);
    }

    @Override
    public boolean joinsPieces() {
        return true;
    }

    @Override
    public ModelAnswer stream(ModelCall call, TokenSink sink)
            throws ProviderFailure, InterruptedException {
        Place place = Asker.placeIn(call.message());
        int attempt = chronicle.attempts(place.session(), place.message()).size() + 1;
        int pieces = random.nextInt(1, 25);
        int failsAt = random.nextInt(15) == 0 ? random.nextInt(pieces + 1) : -1;
        String name = place.message() + "#" + attempt + ".";
        StringBuilder whole = new StringBuilder();
        for (int i = 0; i < pieces; i++) {
            whole.append(name).append(i).append(' ');
        }
        chronicle.attempt(place, whole.toString());
        for (int i = 0; i < pieces; i++) {
            if (i == failsAt) {
                throw new ProviderFailure(ErrorCode.UNAVAILABLE, "The model failed.", null);
            }
            sink.content(name + i + " ");
            if (Asker.isDeadly(place)) {
                death.run();
            }
            time.sleep(random.nextLong(150_000_000));
        }
        return new ModelAnswer(
                "",
                new ModelTurn.Assistant(whole.toString()),
                new Completion("unique-1", pieces, Completion.FinishReason.STOP));
    }
}
