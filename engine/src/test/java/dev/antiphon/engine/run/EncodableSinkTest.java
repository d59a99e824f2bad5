package dev.antiphon.engine.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.api.model.ModelAnswer;
import dev.antiphon.api.model.ModelTurn;
import dev.antiphon.api.model.RetrySink;
import dev.antiphon.api.model.ToolCall;
import dev.antiphon.protocol.Completion;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// Models cut surrogate pairs in two, and sometimes send only one half.
final class EncodableSinkTest {

    private static final String FIRST_HALF = "\ud83d";
    private static final String SECOND_HALF = "\ude00";

    private final List<String> passed = new ArrayList<>();
    private final EncodableSink sink = new EncodableSink(new Passed(passed));

    private record Passed(List<String> pieces) implements RetrySink {

        @Override
        public void content(String text) {
            pieces.add(text);
        }

        @Override
        public void reasoning(String text) {
            pieces.add("(" + text + ")");
        }

        @Override
        public void toolCall(String id, String name, String arguments) {
            pieces.add(id + " " + name + " " + arguments);
        }

        @Override
        public void toolResult(String id, String name, String result) {
            pieces.add(id + " " + name + " = " + result);
        }

        @Override
        public void retrying(String why, Duration wait) {
            pieces.add(why);
        }

        @Override
        public void kept(String handle) {
            pieces.add(handle);
        }

        @Override
        public void reset() {
            pieces.add("reset");
        }
    }

    @Test
    void aCharacterThatIsCutInTwoArrivesWhole() throws Exception {
        sink.content("a" + FIRST_HALF);
        sink.reasoning("b" + FIRST_HALF);
        sink.toolCall("c1", "t", "{" + FIRST_HALF);
        sink.content(SECOND_HALF);
        sink.reasoning(SECOND_HALF);
        sink.toolCall("c1", "t", SECOND_HALF + "}");
        sink.end();

        assertThat(passed).containsExactly("a", "(b)", "c1 t {", "😀", "(😀)", "c1 t 😀}");
    }

    @Test
    void aHalfThatStaysAloneIsReplaced() throws Exception {
        sink.content("a" + FIRST_HALF);
        sink.content("b" + SECOND_HALF + "c" + FIRST_HALF);
        sink.toolResult("c1", "t", FIRST_HALF);
        sink.end();

        assertThat(passed).containsExactly("a", "\ufffdb\ufffdc", "c1 t = \ufffd", "\ufffd");
    }

    @Test
    void aResetLeavesNoHalfOfAPairBehind() throws Exception {
        sink.content(FIRST_HALF);
        sink.reset();
        sink.content("a");
        sink.end();

        assertThat(passed).containsExactly("reset", "a");
    }

    @Test
    void theWholeAnswerIsRepairedToo() {
        ModelAnswer answer =
                new ModelAnswer(
                        FIRST_HALF,
                        new ModelTurn.Assistant(
                                FIRST_HALF,
                                List.of(new ToolCall(FIRST_HALF, FIRST_HALF, FIRST_HALF)),
                                FIRST_HALF),
                        new Completion(FIRST_HALF, 1, Completion.FinishReason.STOP),
                        FIRST_HALF);

        assertThat(answer.encodable())
                .isEqualTo(
                        new ModelAnswer(
                                "\ufffd",
                                new ModelTurn.Assistant(
                                        "\ufffd",
                                        List.of(new ToolCall("\ufffd", "\ufffd", "\ufffd")),
                                        "\ufffd"),
                                new Completion("\ufffd", 1, Completion.FinishReason.STOP),
                                "\ufffd"));
    }
}
