package example;

import dev.antiphon.protocol.Completion;
import dev.antiphon.worker.provider.Capabilities;
import dev.antiphon.worker.provider.Capabilities.Continuation;
import dev.antiphon.worker.provider.ModelAnswer;
import dev.antiphon.worker.provider.ModelCall;
import dev.antiphon.worker.provider.ModelProvider;
import dev.antiphon.worker.provider.ModelTurn;
import dev.antiphon.worker.provider.TokenSink;

import java.util.List;
import java.util.Locale;

/// Says the message again in capital letters, word by word: `"ai_provider": "shout"`.
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

    /// A worker may die in mid-answer: the next one withdraws what was streamed and calls anew.
    @Override
    public Capabilities capabilities() {
        return new Capabilities(false, false, true, true, Continuation.RESTART);
    }

    /// Words may be joined into one chunk when they come faster than they can be stored.
    @Override
    public boolean joinsPieces() {
        return true;
    }

    /// Runs on a virtual thread of its own, so it may simply wait for a service.
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
