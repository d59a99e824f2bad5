package dev.antiphon.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.antiphon.protocol.Environment;
import dev.antiphon.worker.provider.OpenAiSettings;
import dev.antiphon.worker.provider.http.CallLimits;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.util.Map;

final class ModelSettingsTest {

    private static ModelSettings with(String... variables) {
        return ModelSettings.from(
                Environment.of(
                        variables.length == 0 ? Map.of() : Map.of(variables[0], variables[1])));
    }

    @Test
    void withoutVariablesThereIsNoServiceAndTheDefaultsArePatient() {
        assertThat(with().openAi()).isEmpty();
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

    @Test
    void aKeyAloneIsForOpenAiAndAnAddressNeedsNoKey() {
        assertThat(with("OPENAI_API_KEY", "sk-1").openAi())
                .contains(new OpenAiSettings("sk-1", "https://api.openai.com/v1"));
        assertThat(with("OPENAI_BASE_URL", "http://localhost:8000/v1").openAi())
                .contains(new OpenAiSettings(null, "http://localhost:8000/v1"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0ms", "25h", "999999999h", "5"})
    void aLimitThatIsNoneStopsTheStart(String value) {
        assertThatThrownBy(() -> with("CHAT_MODEL_IDLE_TIMEOUT", value))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("CHAT_MODEL_IDLE_TIMEOUT must be ");
    }
}
