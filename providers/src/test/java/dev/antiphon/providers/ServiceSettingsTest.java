package dev.antiphon.providers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.antiphon.protocol.Settings;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// What the factories of the model services read from the environment.
final class ServiceSettingsTest {

    private static Settings with(String... variables) {
        Map<String, String> environment = new HashMap<>();
        for (int i = 0; i < variables.length; i += 2) {
            environment.put(variables[i], variables[i + 1]);
        }
        return new Settings(environment);
    }

    @Test
    void aKeyAloneIsForOpenAiAndAnAddressNeedsNoKey() {
        assertThat(OpenAiFactory.settings(with("OPENAI_API_KEY", "sk-1")))
                .contains(
                        new ServiceSettings("sk-1", "https://api.openai.com/v1", List.of(), false));
        assertThat(OpenAiFactory.settings(with("OPENAI_BASE_URL", "http://localhost:8000/v1")))
                .contains(new ServiceSettings(null, "http://localhost:8000/v1", List.of(), false));
        assertThat(OpenAiFactory.settings(with("CHAT_OPENAI_MODELS", "a"))).isEmpty();
    }

    @Test
    void openAiItselfUsesBackgroundModeAndOtherServersChatCompletions() {
        assertThat(OpenAiFactory.api(with("OPENAI_API_KEY", "k"))).isEqualTo(OpenAiApi.BACKGROUND);
        assertThat(OpenAiFactory.api(with("OPENAI_BASE_URL", "http://localhost:8000/v1")))
                .isEqualTo(OpenAiApi.CHAT);
        assertThat(OpenAiFactory.api(with("OPENAI_BASE_URL", "https://api.openai.com/v1/")))
                .isEqualTo(OpenAiApi.BACKGROUND);
        assertThat(OpenAiFactory.api(with("CHAT_OPENAI_API", "responses")))
                .isEqualTo(OpenAiApi.RESPONSES);
        assertThatThrownBy(() -> OpenAiFactory.api(with("CHAT_OPENAI_API", "telepathy")))
                .hasMessage(
                        "CHAT_OPENAI_API must be chat, responses or background, but is 'telepathy'");
    }

    @Test
    void aServiceHasModelsAndReasoningOfItsVariables() {
        assertThat(
                        ServiceSettings.read(
                                with(
                                        "ANTHROPIC_API_KEY",
                                        "k",
                                        "CHAT_ANTHROPIC_MODELS",
                                        "a, b",
                                        "CHAT_MODEL_REASONING",
                                        "true"),
                                "ANTHROPIC",
                                AnthropicFactory.BASE_URL))
                .contains(
                        new ServiceSettings(
                                "k", "https://api.anthropic.com/v1", List.of("a", "b"), true));
        assertThatThrownBy(() ->
                        OpenAiFactory.settings(
                                with("OPENAI_API_KEY", "k", "CHAT_MODEL_REASONING", "yes")))
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
        assertThat(ServiceSettings.read(with(service + "_BASE_URL", given), service, "unused"))
                .map(ServiceSettings::baseUrl)
                .contains(taken);
    }

    @Test
    void parametersThatAServerRefusesCanBeSet() {
        ServiceSettings settings =
                OpenAiFactory.settings(
                                with(
                                        "OPENAI_BASE_URL",
                                        "http://h/v1",
                                        "CHAT_OPENAI_TOKEN_LIMIT",
                                        "max_completion_tokens",
                                        "CHAT_OPENAI_STREAM_OPTIONS",
                                        "false",
                                        "CHAT_MODEL_THINK_TAGS",
                                        "true"))
                        .orElseThrow();

        assertThat(settings.chat())
                .isEqualTo(new ServiceSettings.Chat(ChatTokenLimit.MAX_COMPLETION_TOKENS, false));
        assertThat(settings.thinkTags()).isTrue();
        assertThat(OpenAiFactory.settings(with("OPENAI_BASE_URL", "http://h/v1")))
                .map(ServiceSettings::chat)
                .contains(ServiceSettings.Chat.USUAL);
        assertThatThrownBy(() ->
                        OpenAiFactory.settings(
                                with("OPENAI_API_KEY", "k", "CHAT_OPENAI_TOKEN_LIMIT", "tokens")))
                .hasMessage(
                        "CHAT_OPENAI_TOKEN_LIMIT must be max_tokens or max_completion_tokens, but is 'tokens'");
    }
}
