package dev.antiphon.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.antiphon.protocol.Environment;
import dev.antiphon.worker.provider.ChatTokenLimit;
import dev.antiphon.worker.provider.OpenAiApi;
import dev.antiphon.worker.provider.ServiceSettings;
import dev.antiphon.worker.provider.http.CallLimits;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

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
    @CsvSource({
        "OPENAI,http://h:8000/v1/,http://h:8000/v1",
        "OPENAI,http://h:8000/v1/chat/completions,http://h:8000/v1",
        "OPENAI,https://h/openai/v1,https://h/openai/v1",
        "OPENAI,http://h:8000,http://h:8000",
        "ANTHROPIC,https://api.anthropic.com,https://api.anthropic.com/v1",
        "ANTHROPIC,https://h/anthropic/v1/messages,https://h/anthropic/v1",
        "GEMINI,https://generativelanguage.googleapis.com/,https://generativelanguage.googleapis.com/v1beta",
        "GEMINI,https://h/v1,https://h/v1",
        "OLLAMA,localhost:11434,http://localhost:11434",
        "OLLAMA,http://h:11434/api/,http://h:11434",
        "OLLAMA,http://h:11434/v1,http://h:11434"
    })
    void aBaseUrlIsTakenAsTheServicesToolsAndDocumentsShowIt(
            String service, String given, String taken) {
        ModelSettings settings = with(service + "_BASE_URL", given);

        assertThat(
                        Stream.of(
                                        settings.openAi(),
                                        settings.anthropic(),
                                        settings.gemini(),
                                        settings.ollama())
                                .flatMap(Optional::stream)
                                .map(ServiceSettings::baseUrl))
                .containsExactly(taken);
    }

    @Test
    void whatAServerRefusesCanBeSaid() {
        ServiceSettings settings =
                with(
                                "OPENAI_BASE_URL",
                                "http://h/v1",
                                "CHAT_OPENAI_TOKEN_LIMIT",
                                "max_completion_tokens",
                                "CHAT_OPENAI_STREAM_OPTIONS",
                                "false",
                                "CHAT_MODEL_THINK_TAGS",
                                "true")
                        .openAi()
                        .orElseThrow();

        assertThat(settings.chat())
                .isEqualTo(new ServiceSettings.Chat(ChatTokenLimit.MAX_COMPLETION_TOKENS, false));
        assertThat(settings.thinkTags()).isTrue();
        assertThat(with("OPENAI_BASE_URL", "http://h/v1").openAi().orElseThrow().chat())
                .isEqualTo(ServiceSettings.Chat.USUAL);
        assertThatThrownBy(() -> with("OPENAI_API_KEY", "k", "CHAT_OPENAI_TOKEN_LIMIT", "tokens"))
                .hasMessage(
                        "CHAT_OPENAI_TOKEN_LIMIT must be max_tokens or max_completion_tokens, but is 'tokens'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0ms", "25h", "999999999h", "5"})
    void aLimitThatIsNoneStopsTheStart(String value) {
        assertThatThrownBy(() -> with("CHAT_MODEL_IDLE_TIMEOUT", value))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("CHAT_MODEL_IDLE_TIMEOUT must be ");
    }
}
