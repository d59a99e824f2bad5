package dev.antiphon.providers;

import dev.antiphon.api.model.Capabilities;
import dev.antiphon.api.model.Capabilities.Continuation;
import dev.antiphon.api.model.Capabilities.Feature;
import dev.antiphon.api.model.ModelAnswer;
import dev.antiphon.api.model.ModelCall;
import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.model.ModelTurn;
import dev.antiphon.api.model.TokenSink;
import dev.antiphon.protocol.Completion;
import dev.antiphon.time.Time;

import java.time.Duration;
import java.util.List;

/// Answers with a fixed text that repeats the message, a few words at a time (PROTOCOL.md §6), so that everything can
/// be tried without a key. Its chunks are part of the contract.
public final class DemoProvider implements ModelProvider {

    public static final String NAME = "demo";

    private static final String MODEL = "demo-gpt";

    private final Duration delay;
    private final int words;
    private final Time time;

    /// Creates the demo.
    ///
    /// @param delay between two chunks; zero streams as fast as the log allows
    /// @param words per chunk, at least 1
    public DemoProvider(Duration delay, int words, Time time) {
        this.delay = delay;
        this.words = words;
        this.time = time;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<String> models() {
        return List.of(MODEL);
    }

    /// Counts words, because there are no tokens.
    @Override
    public Capabilities capabilities() {
        return Capabilities.of(Continuation.REPLAY, Feature.USAGE, Feature.CANCEL);
    }

    @Override
    public boolean joinsPieces() {
        return false;
    }

    @Override
    public ModelAnswer stream(ModelCall call, TokenSink sink) throws InterruptedException {
        String answer = answer(call.message());
        int at = 0;
        int standing = answer.startsWith(call.streamed()) ? call.streamed().length() : 0;
        long due = time.nanoTime();
        for (int end = pieceEnd(answer, at); end < answer.length(); end = pieceEnd(answer, at)) {
            sink.content(answer.substring(at, end));
            at = end;
            if (at > standing) { // without a pause for text that is in the answer already
                due += delay.toNanos(); // from the schedule, not from now: delays must not add up
                time.sleep(due - time.nanoTime());
            }
        }
        Completion completion =
                new Completion(MODEL, nonEmptyWords(answer), Completion.FinishReason.STOP);
        return new ModelAnswer(answer.substring(at), new ModelTurn.Assistant(answer), completion);
    }

    static String answer(String message) {
        return String.join(
                " ",
                "I received your message: '" + message + "'",
                "This is a demo response from the LangGraph workflow service.",
                "In a real implementation, this would integrate with AI models like GPT-4, Claude, etc.",
                "The response is being streamed token by token to demonstrate the chunk buffering"
                        + " system.");
    }

    /// Returns the end of the piece that begins at `start`: after the space behind its last word, or at the end of the
    /// answer. Only U+0020 separates words, so that the joined pieces are the answer, byte for byte.
    private int pieceEnd(String answer, int start) {
        int end = start;
        for (int word = 0; word < words; word++) {
            int space = answer.indexOf(' ', end);
            if (space < 0) {
                return answer.length();
            }
            end = space + 1;
        }
        return end;
    }

    private static int nonEmptyWords(String answer) {
        int count = 0;
        for (int at = 0; at < answer.length(); ) {
            int space = answer.indexOf(' ', at);
            int end = space < 0 ? answer.length() : space;
            if (end > at) {
                count++;
            }
            at = end + 1;
        }
        return count;
    }
}
