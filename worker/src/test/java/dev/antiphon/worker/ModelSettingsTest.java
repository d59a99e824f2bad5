package dev.antiphon.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.antiphon.protocol.Environment;
import dev.antiphon.worker.provider.OpenAiApi;
import dev.antiphon.worker.provider.ServiceSettings;
import dev.antiphon.worker.provider.http.CallLimits;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

final class ModelSettingsTest {

    private static ModelSettings with(String... variables) {
        Map<String, String> environment = new HashMap<>();
        for (int i = 0; i < variables.length; i += 2) {
            environment.put(variables[i], variables[i + 1]);
        }
        return ModelSettings.from(Environment.of(environment));
    }

    @Test
    void withoutVariablesThereIsNoServiceAndTheDefaultsArePatient() {
        assertThat(with().isAny()).isFalse();
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
                .contains(
                        new ServiceSettings("sk-1", "https://api.openai.com/v1", List.of(), false));
        assertThat(with("OPENAI_BASE_URL", "http://localhost:8000/v1").openAi())
                .contains(new ServiceSettings(null, "http://localhost:8000/v1", List.of(), false));
    }

    @Test
    void openAiItselfIsAskedInTheBackgroundAndOtherServersForChatCompletions() {
        assertThat(with("OPENAI_API_KEY", "k").openAiApi()).isEqualTo(OpenAiApi.BACKGROUND);
        assertThat(with("OPENAI_BASE_URL", "http://localhost:8000/v1").openAiApi())
                .isEqualTo(OpenAiApi.CHAT);
        assertThat(with("OPENAI_BASE_URL", "https://api.openai.com/v1/").openAiApi())
                .isEqualTo(OpenAiApi.BACKGROUND);
        assertThat(with("CHAT_OPENAI_API", "responses").openAiApi()).isEqualTo(OpenAiApi.RESPONSES);
        assertThatThrownBy(() -> with("CHAT_OPENAI_API", "telepathy"))
                .hasMessage(
                        "CHAT_OPENAI_API must be chat, responses or background, but is 'telepathy'");
    }

    @Test
    void everyServiceIsFoundByItsVariables() {
        assertThat(with("ANTHROPIC_API_KEY", "k").anthropic().orElseThrow().baseUrl())
                .isEqualTo("https://api.anthropic.com/v1");
        assertThat(with("GEMINI_API_KEY", "k").gemini().orElseThrow().baseUrl())
                .isEqualTo("https://generativelanguage.googleapis.com/v1beta");
        assertThat(with("OLLAMA_BASE_URL", "http://localhost:11434").ollama().orElseThrow())
                .isEqualTo(new ServiceSettings(null, "http://localhost:11434", List.of(), false));
        assertThat(
                        with(
                                        "ANTHROPIC_API_KEY",
                                        "k",
                                        "CHAT_ANTHROPIC_MODELS",
                                        "a, b",
                                        "CHAT_MODEL_REASONING",
                                        "true")
                                .anthropic()
                                .orElseThrow())
                .isEqualTo(
                        new ServiceSettings(
                                "k", "https://api.anthropic.com/v1", List.of("a", "b"), true));
        assertThatThrownBy(() -> with("OPENAI_API_KEY", "k", "CHAT_MODEL_REASONING", "yes"))
                .hasMessage("CHAT_MODEL_REASONING must be true or false, but is 'yes'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0ms", "25h", "999999999h", "5"})
    void aLimitThatIsNoneStopsTheStart(String value) {
        assertThatThrownBy(() -> with("CHAT_MODEL_IDLE_TIMEOUT", value))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("CHAT_MODEL_IDLE_TIMEOUT must be ");
    }
}
