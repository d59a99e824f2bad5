package dev.antiphon.engine.run;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// The text of an attempt, by its sources.
final class AttemptTextTest {

    private final AttemptText text = new AttemptText();
    private final Object left = new Object();
    private final Object right = new Object();

    @Test
    void textStaysInTheOrderInWhichItWasWritten() {
        text.add("one", null, "own ");
        text.add("one", left, "l1 ");
        text.add("two", right, "r ");
        text.add("one", left, "l2");

        assertThat(text.all()).isEqualTo("own l1 r l2");
        assertThat(text.of("one")).isEqualTo("own l1 l2");
        assertThat(text.of("two")).isEqualTo("r ");
        assertThat(text.of("three")).isEmpty();
    }

    @Test
    void theTextOfOneCallCanBeRemoved() {
        text.add("one", null, "own ");
        text.add("one", left, "l1 ");
        text.add("one", right, "r ");
        text.add("one", left, "l2");

        text.removeTextOf(left);

        assertThat(text.all()).isEqualTo("own r ");
    }

    @Test
    void anEmptyPieceIsNoText() {
        text.add("one", null, "");

        assertThat(text.isEmpty()).isTrue();
        text.add("one", null, "a");
        assertThat(text.isEmpty()).isFalse();
        text.clear();
        assertThat(text.isEmpty()).isTrue();
    }
}
