package dev.antiphon.providers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.api.model.ModelCall.Kept;

import org.junit.jupiter.api.Test;

import java.util.Map;
import java.util.Set;

final class ShownTest {

    private static Shown shown(String text) {
        Kept kept = new Kept("run_1", "because", Map.of("call_1", "{\"city\""), Set.of("call_0"));
        return new Shown(text, kept);
    }

    @Test
    void shownTextIsSkippedHoweverItIsCut() {
        Shown shown = shown("one two");

        assertThat(shown.text("one ")).hasValue("");
        assertThat(shown.isMissingText()).isTrue();
        assertThat(shown.text("two three")).hasValue(" three");
        assertThat(shown.isMissingText()).isFalse();
        assertThat(shown.text(" four")).hasValue(" four");
    }

    @Test
    void aDifferentTextIsDetectedAndTheRepeatedPartIsNotLost() {
        Shown shown = shown("one two");

        assertThat(shown.text("one ")).hasValue("");
        assertThat(shown.text("three")).isEmpty();
        assertThat(shown.withdrawText()).isEqualTo("one ");
        assertThat(shown.isMissingText()).isFalse();
        assertThat(shown.text("two")).hasValue("two");
    }

    @Test
    void reasoningIsNewFromTheFirstDifferenceOn() {
        Shown shown = shown("");

        assertThat(shown.reasoning("be")).isEmpty();
        assertThat(shown.reasoning("fore")).isEqualTo("fore");
        assertThat(shown.reasoning("cause")).isEqualTo("cause");
    }

    @Test
    void differentArgumentsAreNotJoinedToTheShownOnes() {
        Shown shown = shown("");

        assertThat(shown.toolCall("call_1", "{\"town\":1}")).isEmpty();
        assertThat(shown.toolCall("call_1", "{\"city\":1}")).hasValue(":1}");
        assertThat(shown.toolCall("call_1", "")).isEmpty();
        assertThat(shown.toolCall("call_2", "")).hasValue("");
    }

    @Test
    void aToolsResultIsPassedOverOnce() {
        Shown shown = shown("");

        assertThat(shown.toolResult("call_0")).isTrue();
        assertThat(shown.toolResult("call_0")).isFalse();
        assertThat(shown.toolResult("call_1")).isFalse();
    }
}
