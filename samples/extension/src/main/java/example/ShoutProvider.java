package example;

import dev.antiphon.api.model.Capabilities.Continuation;
import dev.antiphon.api.model.Capabilities.Feature;
import dev.antiphon.api.model.Capabilities;
import dev.antiphon.api.model.ModelAnswer;
import dev.antiphon.api.model.ModelCall;
import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.model.ModelTurn;
import dev.antiphon.api.model.TokenSink;
import dev.antiphon.protocol.Completion;

import java.util.List;
import java.util.Locale;

/// Repeats the message in capital letters, word by word: `"ai_provider": "shout"`.
final class ShoutProvider implements ModelProvider {

    private final String end;

    ShoutProvider(String end) {
        this.end = end;
    }

    @Override
    public String name() {
        return "shout";
    }

    @Override
    public List<String> models() {
        return List.of("shout-1");
    }

    /// If a worker dies during an answer, the next worker withdraws what was streamed and calls again.
    @Override
    public Capabilities capabilities() {
        return Capabilities.of(Continuation.RESTART, Feature.USAGE, Feature.CANCEL);
    }

    /// Runs on a virtual thread of its own, so it can simply wait for a service.
    @Override
    public ModelAnswer stream(ModelCall call, TokenSink sink) throws InterruptedException {
        String[] words = call.message().toUpperCase(Locale.ROOT).split(" ");
        for (String word : words) {
            sink.content(word + " ");
        }
        return new ModelAnswer(
                end,
                new ModelTurn.Assistant(String.join(" ", words) + " " + end),
                new Completion("shout-1", words.length, Completion.FinishReason.STOP));
    }
}
