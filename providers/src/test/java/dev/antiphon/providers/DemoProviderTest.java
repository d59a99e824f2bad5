package dev.antiphon.providers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.api.model.ModelAnswer;
import dev.antiphon.api.model.ModelCall;
import dev.antiphon.api.model.ModelTurn;
import dev.antiphon.api.model.TokenSink;
import dev.antiphon.protocol.Completion;
import dev.antiphon.time.Time;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// The fixed answer of PROTOCOL.md §6.
final class DemoProviderTest {

    private final List<String> pieces = new ArrayList<>();
    private final TokenSink sink =
            new TokenSink() {
                @Override
                public void content(String text) {
                    pieces.add(text);
                }

                @Override
                public void reasoning(String text) {
                    throw new AssertionError("the demo does not reason");
                }

                @Override
                public void toolCall(String id, String name, String arguments) {
                    throw new AssertionError("the demo calls no tools");
                }

                @Override
                public void toolResult(String id, String name, String result) {
                    throw new AssertionError("the demo calls no tools");
                }

                @Override
                public void kept(String handle) {
                    throw new AssertionError("the demo keeps nothing");
                }

                @Override
                public void reset() {
                    throw new AssertionError("the demo withdraws nothing");
                }
            };

    private ModelAnswer stream(int words, String message, String streamed) throws Exception {
        return new DemoProvider(Duration.ZERO, words, Time.system())
                .stream(call(message, streamed), sink);
    }

    private static ModelCall call(String message, String streamed) {
        return new ModelCall(
                null,
                null,
                List.of(new ModelTurn.User(message)),
                List.of(),
                null,
                null,
                streamed,
                null);
    }

    @Test
    void threeWordsMakeAPieceAndAllButTheLastEndWithASpace() throws Exception {
        ModelAnswer answer = stream(3, "Hello, how are you?", "");

        assertThat(pieces.subList(0, 3))
                .containsExactly("I received your ", "message: 'Hello, how ", "are you?' This ");
        assertThat(pieces).allMatch(piece -> piece.endsWith(" "));
        assertThat(answer.lastPiece()).isEqualTo("system.");
        assertThat(answer.completion())
                .isEqualTo(new Completion("demo-gpt", 46, Completion.FinishReason.STOP));
    }

    @Test
    void onlySpacesSeparateWordsAndEmptyWordsAreNotCounted() throws Exception {
        ModelAnswer answer = stream(1, "a\tb\nc  d", "");

        assertThat(pieces).contains("'a\tb\nc ", " ", "d' ");
        assertThat(String.join("", pieces) + answer.lastPiece())
                .isEqualTo(DemoProvider.answer("a\tb\nc  d"));
        assertThat(answer.completion().tokensUsed()).isEqualTo(44);
    }

    @Test
    void streamedTextIsRepeatedUnchanged() throws Exception {
        stream(3, "hi", "");
        List<String> first = List.copyOf(pieces);
        pieces.clear();

        ModelAnswer again = stream(3, "hi", first.get(0) + first.get(1));

        assertThat(pieces).isEqualTo(first);
        assertThat(again.completion().tokensUsed()).isEqualTo(43);
    }

    @Test
    @Timeout(60)
    void streamedTextIsRepeatedWithoutPauses() throws Exception {
        DemoProvider slow = new DemoProvider(Duration.ofHours(1), 3, Time.system());
        String whole = DemoProvider.answer("hi");
        ModelAnswer answer = slow.stream(call("hi", whole), sink);

        assertThat(String.join("", pieces) + answer.lastPiece()).isEqualTo(whole);
    }
}
