package dev.antiphon.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.antiphon.protocol.Environment.Variable;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.util.Map;
import java.util.Set;

final class EnvironmentTest {

    private static Environment with(Variable variable, String value) {
        return Environment.of(Map.of(variable.name(), value));
    }

    @Test
    void setVariablesAreRead() {
        assertThat(with(Variable.NATS_URL, "nats://n:1").text(Variable.NATS_URL, "default"))
                .isEqualTo("nats://n:1");
        assertThat(with(Variable.REDIS_PORT, "6380").number(Variable.REDIS_PORT, 1, 1, 65535))
                .isEqualTo(6380);
    }

    @Test
    void anEmptyVariableCountsAsUnset() {
        Environment empty = with(Variable.REDIS_PASSWORD, "");

        assertThat(empty.text(Variable.REDIS_PASSWORD)).isNull();
        assertThat(empty.text(Variable.REDIS_PASSWORD, "default")).isEqualTo("default");
        assertThat(with(Variable.REDIS_PORT, "").number(Variable.REDIS_PORT, 6379, 1, 65535))
                .isEqualTo(6379);
        assertThat(
                        with(Variable.CHAT_TOOL_TIMEOUT, "")
                                .duration(Variable.CHAT_TOOL_TIMEOUT, Duration.ZERO))
                .isEqualTo(Duration.ZERO);
        assertThat(with(Variable.CHAT_ALLOWED_ORIGINS, "").list(Variable.CHAT_ALLOWED_ORIGINS))
                .isEmpty();
    }

    @Test
    void variablesOfOtherProgramsAreIgnored() {
        Environment environment =
                Environment.of(Map.of("PATH", "/bin", "CHATTY", "1", "chat_tool_timeout", "1"));

        assertThat(environment.duration(Variable.CHAT_TOOL_TIMEOUT, Duration.ZERO))
                .isEqualTo(Duration.ZERO);
    }

    @Test
    void ofTheVariablesOfOthersOnlyThoseThatAreAskedForAreSeen() {
        Environment environment =
                Environment.of(
                        Map.of("ACME_KEY", "k", "ACME_URL", "", "PATH", "/bin", "REDIS_PORT", "1"));

        assertThat(environment.others(Set.of("ACME_KEY", "ACME_URL", "REDIS_PORT")))
                .satisfies(settings -> {
                    assertThat(settings.names()).containsExactly("ACME_KEY");
                    assertThat(settings.text("ACME_KEY")).isEqualTo("k");
                });
    }

    @ParameterizedTest
    @CsvSource({
        "CHAT_TOOL_TIMOUT, CHAT_TOOL_TIMEOUT",
        "CHAT_WORKFLOW_CONCURENCY, CHAT_WORKFLOW_CONCURRENCY",
        "CHAT_ALLOWED_ORIGIN, CHAT_ALLOWED_ORIGINS",
        "CHAT_DEFAULT_MODLE, CHAT_DEFAULT_MODEL"
    })
    void anUnknownNameOfOursStopsTheStartWithTheNearestKnownOne(String wrong, String right) {
        assertThatThrownBy(() -> Environment.of(Map.of(wrong, "x")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(wrong + " is not a known setting; did you mean " + right + "?");
    }

    @Test
    void anUnknownNameOfOursStopsTheStartEvenWhenEmpty() {
        assertThatThrownBy(() -> Environment.of(Map.of("CHAT_TOOL_TIMEOUTS", "")))
                .hasMessageContaining("did you mean CHAT_TOOL_TIMEOUT?");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "65536", "-1", "80.5", "eighty", " 80", "0x50", "99999999999"})
    void aNumberOutOfItsRangeIsRefusedWithTheRange(String value) {
        assertThatThrownBy(() ->
                        with(Variable.SERVER_PORT, value)
                                .number(Variable.SERVER_PORT, 8080, 1, 65535))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "SERVER_PORT must be a whole number from 1 to 65535, but is '"
                                + value
                                + "'");
    }

    @ParameterizedTest
    @CsvSource({"0ms, PT0S", "250ms, PT0.25S", "3s, PT3S", "5m, PT5M", "48h, PT48H"})
    void aDurationIsANumberWithItsUnit(String value, Duration duration) {
        assertThat(
                        with(Variable.CHAT_TOOL_TIMEOUT, value)
                                .duration(Variable.CHAT_TOOL_TIMEOUT, Duration.ZERO))
                .isEqualTo(duration);
    }

    @ParameterizedTest
    @ValueSource(strings = {"100", "-1s", "1.5s", "1 s", "1d", "s", "PT1S", "9999999999s", "1S"})
    void anythingElseIsNoDuration(String value) {
        assertThatThrownBy(() ->
                        with(Variable.CHAT_TOOL_TIMEOUT, value)
                                .duration(Variable.CHAT_TOOL_TIMEOUT, Duration.ZERO))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "CHAT_TOOL_TIMEOUT must be a duration such as 250ms, 3s, 5m or 48h, but is '"
                                + value
                                + "'");
    }

    @Test
    void aListIsPartedByCommas() {
        assertThat(
                        with(Variable.CHAT_ALLOWED_ORIGINS, " http://a , ,http://b:8080,")
                                .list(Variable.CHAT_ALLOWED_ORIGINS))
                .containsExactly("http://a", "http://b:8080");
    }
}
