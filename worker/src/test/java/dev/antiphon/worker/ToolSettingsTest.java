package dev.antiphon.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.antiphon.providers.ModelProviders;
import dev.antiphon.tools.ToolSelection;
import dev.antiphon.tools.mcp.McpConfig;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.util.List;
import java.util.Map;

final class ToolSettingsTest {

    private static ToolSettings with(String name, String value) {
        return ToolSettings.from(ModelProviders.environment(Map.of(name, value)));
    }

    @Test
    void withoutSettingsOnlyTheHarmlessToolsAreAllowedForHalfAMinute() {
        assertThat(ToolSettings.from(ModelProviders.environment(Map.of())))
                .isEqualTo(
                        new ToolSettings(
                                new ToolSelection(List.of("current_time", "calculator")),
                                new ToolSelection(List.of()),
                                Duration.ofSeconds(30),
                                McpConfig.none()));
    }

    @Test
    void toolsAreNamedOneByOneOrInFamiliesOrNoneAtAll() {
        ToolSelection named = with("CHAT_TOOLS", "calculator, mcp:files/*").allowed();

        assertThat(named.allows("calculator")).isTrue();
        assertThat(named.allows("mcp:files/read")).isTrue();
        assertThat(named.allows("mcp:mail/send")).isFalse();
        assertThat(named.allows("current_time")).isFalse();
        assertThat(with("CHAT_TOOLS", "*").allowed().allows("anything")).isTrue();
        assertThat(with("CHAT_TOOLS", "none").allowed().allows("calculator")).isFalse();
    }

    @Test
    void aPatternThatMeansNothingStopsTheStart() {
        assertThatThrownBy(() -> with("CHAT_TOOLS", "mcp:*/read"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("CHAT_TOOLS has 'mcp:*/read': a * must be the last character");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0s", "2h"})
    void aCallTakesSomeTimeButNotForEver(String timeout) {
        assertThatThrownBy(() -> with("CHAT_TOOL_TIMEOUT", timeout))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("CHAT_TOOL_TIMEOUT must be longer than zero and at most 1h");
    }
}
