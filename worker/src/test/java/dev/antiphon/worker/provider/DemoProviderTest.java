package dev.antiphon.worker.provider;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.protocol.Completion;
import dev.antiphon.worker.time.Time;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// The canned answer of PROTOCOL.md §6.
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
                    throw new AssertionError("the demo goes on");
                }

                @Override
                public void retrying(String why, Duration wait) {
                    throw new AssertionError("the demo does not fail");
                }
            };

    private ModelAnswer stream(int words, String message, String streamed) throws Exception {
        ModelCall call =
                new ModelCall(
                        null,
                        null,
                        List.of(new ModelTurn.User(message)),
                        List.of(),
                        null,
                        null,
                        streamed,
                        null);
        return new DemoProvider(Duration.ZERO, words, Time.system()).stream(call, sink);
    }

    @Test
    void threeWordsMakeAPieceAndEachButTheLastEndsInItsSpace() throws Exception {
        ModelAnswer answer = stream(3, "Hello, how are you?", "");

        assertThat(pieces.subList(0, 3))
                .containsExactly("I received your ", "message: 'Hello, how ", "are you?' This ");
        assertThat(pieces).allMatch(piece -> piece.endsWith(" "));
        assertThat(answer.lastPiece()).isEqualTo("system.");
        assertThat(answer.completion())
                .isEqualTo(new Completion("demo-gpt", 46, Completion.FinishReason.STOP));
    }

    @Test
    void onlyTheSpacePartsWordsAndEmptyWordsAreNotCounted() throws Exception {
        ModelAnswer answer = stream(1, "a\tb\nc  d", "");

        assertThat(pieces).contains("'a\tb\nc ", " ", "d' ");
        assertThat(String.join("", pieces) + answer.lastPiece())
                .isEqualTo(DemoProvider.answer("a\tb\nc  d"));
        assertThat(answer.completion().tokensUsed()).isEqualTo(44);
    }

    @Test
    void anAnswerIsContinuedWhereItStopped() throws Exception {
        String answer = DemoProvider.answer("hi");
        stream(3, "hi", "");
        String streamed = pieces.get(0) + pieces.get(1);
        pieces.clear();

        ModelAnswer rest = stream(3, "hi", streamed);

        assertThat(streamed + String.join("", pieces) + rest.lastPiece()).isEqualTo(answer);
        assertThat(rest.completion().tokensUsed()).isEqualTo(43);
    }

    @Test
    void anAnswerThatLacksOnlyItsEndGetsAnEmptyLastPiece() throws Exception {
        ModelAnswer rest = stream(3, "hi", DemoProvider.answer("hi"));

        assertThat(pieces).isEmpty();
        assertThat(rest.lastPiece()).isEmpty();
    }
}
