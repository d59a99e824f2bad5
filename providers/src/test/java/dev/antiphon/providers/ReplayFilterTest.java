package dev.antiphon.providers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.api.model.ModelCall.Kept;

import org.junit.jupiter.api.Test;

import java.util.Map;
import java.util.Set;

final class ReplayFilterTest {

    private static ReplayFilter filter(String text) {
        Kept kept = new Kept("run_1", "because", Map.of("call_1", "{\"city\""), Set.of("call_0"));
        return new ReplayFilter(text, kept);
    }

    @Test
    void shownTextIsSkippedHoweverItIsCut() {
        ReplayFilter filter = filter("one two");

        assertThat(filter.text("one ")).hasValue("");
        assertThat(filter.isMissingText()).isTrue();
        assertThat(filter.text("two three")).hasValue(" three");
        assertThat(filter.isMissingText()).isFalse();
        assertThat(filter.text(" four")).hasValue(" four");
    }

    @Test
    void aDifferentTextIsDetectedAndTheRepeatedPartIsNotLost() {
        ReplayFilter filter = filter("one two");

        assertThat(filter.text("one ")).hasValue("");
        assertThat(filter.text("three")).isEmpty();
        assertThat(filter.withdrawText()).isEqualTo("one ");
        assertThat(filter.isMissingText()).isFalse();
        assertThat(filter.text("two")).hasValue("two");
    }

    @Test
    void reasoningIsNewFromTheFirstDifferenceOn() {
        ReplayFilter filter = filter("");

        assertThat(filter.reasoning("be")).isEmpty();
        assertThat(filter.reasoning("fore")).isEqualTo("fore");
        assertThat(filter.reasoning("cause")).isEqualTo("cause");
    }

    @Test
    void differentArgumentsAreNotJoinedToTheShownOnes() {
        ReplayFilter filter = filter("");

        assertThat(filter.toolCall("call_1", "{\"town\":1}")).isEmpty();
        assertThat(filter.toolCall("call_1", "{\"city\":1}")).hasValue(":1}");
        assertThat(filter.toolCall("call_1", "")).isEmpty();
        assertThat(filter.toolCall("call_2", "")).hasValue("");
    }

    @Test
    void aToolsResultIsPassedOverOnce() {
        ReplayFilter filter = filter("");

        assertThat(filter.toolResult("call_0")).isTrue();
        assertThat(filter.toolResult("call_0")).isFalse();
        assertThat(filter.toolResult("call_1")).isFalse();
    }
}
