package dev.antiphon.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.antiphon.api.model.CallLimits;
import dev.antiphon.providers.ModelProviders;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

final class ModelSettingsTest {

    private static ModelSettings with(String... variables) {
        Map<String, String> environment = new HashMap<>();
        for (int i = 0; i < variables.length; i += 2) {
            environment.put(variables[i], variables[i + 1]);
        }
        return ModelSettings.from(ModelProviders.environment(environment));
    }

    @Test
    void withoutVariablesTheDefaultsArePatient() {
        assertThat(with().limits())
                .isEqualTo(
                        new CallLimits(
                                Duration.ofSeconds(5),
                                Duration.ofSeconds(30),
                                Duration.ofSeconds(20),
                                Duration.ofMinutes(5)));
        assertThat(with().retries()).isEqualTo(4);
        assertThat(with().retryDelay()).isEqualTo(Duration.ofMillis(500));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0ms", "25h", "999999999h", "5"})
    void anInvalidLimitStopsTheStart(String value) {
        assertThatThrownBy(() -> with("CHAT_MODEL_IDLE_TIMEOUT", value))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("CHAT_MODEL_IDLE_TIMEOUT must be ");
    }
}
