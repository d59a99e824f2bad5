package dev.antiphon.engine.run;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// The last piece of a model call, until it is known whether it is the last of the answer.
final class HeldPieceTest {

    @Test
    void aPieceIsHeldUntilItIsReleased() {
        HeldPiece held = new HeldPiece("");
        assertThat(held.isEmpty()).isTrue();

        held.hold("one", "last");

        assertThat(held.text()).isEqualTo("last");
        assertThat(held.step()).isEqualTo("one");
        assertThat(held.release()).isEqualTo("last");
        assertThat(held.isEmpty()).isTrue();
    }

    @Test
    void aPieceOfAFinishedStepBelongsToNoStep() {
        HeldPiece held = new HeldPiece("");
        held.hold("one", "last");

        held.stepFinished();

        assertThat(held.text()).isEqualTo("last");
        assertThat(held.step()).isEmpty();
    }

    @Test
    void theNextAttemptBeginsWithThePieceOfTheLastFinishedStep() {
        HeldPiece held = new HeldPiece("before");
        var _ = held.release();
        held.hold("two", "after");

        assertThat(held.whenStepFinished()).isEqualTo("before");
        held.stepFinished();
        assertThat(held.whenStepFinished()).isEqualTo("after");
    }
}
