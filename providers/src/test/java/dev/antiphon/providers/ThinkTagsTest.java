package dev.antiphon.providers;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ThinkTagsTest {

    private static String separated(String... pieces) {
        ThinkTags tags = new ThinkTags();
        StringBuilder reasoning = new StringBuilder();
        StringBuilder text = new StringBuilder();
        for (String piece : pieces) {
            ThinkTags.Separated now = tags.take(piece);
            reasoning.append(now.reasoning());
            text.append(now.text());
        }
        ThinkTags.Separated rest = tags.end();
        return "(" + reasoning + rest.reasoning() + ")" + text + rest.text();
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '~',
            value = {
                "~<think>a</think>\n\nb~,(a)b",
                "~\n<think>\na < b</think>c~,~(\na < b)c~",
                "<think>a,(a)",
                "<think>a</thin,(a</thin)",
                "<thin,()<thin",
                "a <think>b</think>,()a <think>b</think>",
                "<b>a</b>,()<b>a</b>",
                "<think></think>a</think>,()a</think>"
            })
    void reasoningIsTheTextBetweenTheFirstTagsHoweverItIsCut(String text, String expected) {
        assertThat(separated(text)).isEqualTo(expected);
        assertThat(separated(text.split("", -1))).isEqualTo(expected);
    }

    @Test
    void textWithoutTagsIsNotHeldBack() {
        assertThat(new ThinkTags().take("a")).isEqualTo(new ThinkTags.Separated("", "a"));
    }
}
