package dev.antiphon.worker;

import dev.antiphon.protocol.Environment;
import dev.antiphon.protocol.Environment.Variable;
import dev.antiphon.worker.provider.AnthropicProvider;
import dev.antiphon.worker.provider.ChatTokenLimit;
import dev.antiphon.worker.provider.GeminiProvider;
import dev.antiphon.worker.provider.OpenAiApi;
import dev.antiphon.worker.provider.OpenAiProvider;
import dev.antiphon.worker.provider.ServiceSettings;
import dev.antiphon.worker.provider.http.CallLimits;
import dev.antiphon.worker.provider.langgraph.LangGraphSettings;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/// Which model services a worker calls, and how patiently.
///
/// @param openAi where the provider `openai` is, if anywhere; so with the others. A base URL alone is a server of one's
///     own, a key alone is for the service itself
/// @param openAiApi which protocol `openai` is spoken to in. Default: in the background at OpenAI itself, where a worker's
///     death then costs no token; Chat Completions at other addresses, whose servers know those best
/// @param langGraph where the provider `langgraph` is, if anywhere
/// @param limits of each call. Default: connect 5 s, for a service that takes longer is down; first token 30 s, which a
///     loaded model with a long prompt needs (models that think in silence need more); idle 20 s, far above any pause
///     between two tokens; total 5 min, the longest answers there are
/// @param retries of a call that failed before its first piece, 0 to 100. Default 4: with the doubling delay about eight
///     seconds, as long as a person waits
/// @param retryDelay before the first retry. Default 500 ms, when most rate limits have room again
/// @param rest how long a model of which most calls failed is not asked. Default 15 s: services that are overloaded come
///     back in seconds, and longer than that nobody waits
public record ModelSettings(
        Optional<ServiceSettings> openAi,
        Optional<ServiceSettings> anthropic,
        Optional<ServiceSettings> gemini,
        Optional<ServiceSettings> ollama,
        OpenAiApi openAiApi,
        Optional<LangGraphSettings> langGraph,
        CallLimits limits,
        int retries,
        Duration retryDelay,
        Duration rest) {

    private static final Duration LONGEST = Duration.ofDays(1);

    static ModelSettings from(Environment environment) {
        Optional<ServiceSettings> openAi =
                service(
                                environment,
                                "OPENAI",
                                environment.text(Variable.OPENAI_API_KEY),
                                environment.text(Variable.OPENAI_BASE_URL),
                                OpenAiProvider.BASE_URL,
                                Variable.CHAT_OPENAI_MODELS)
                        .map(each -> each.withChat(chat(environment)));
        return new ModelSettings(
                openAi,
                service(
                        environment,
                        "ANTHROPIC",
                        environment.text(Variable.ANTHROPIC_API_KEY),
                        environment.text(Variable.ANTHROPIC_BASE_URL),
                        AnthropicProvider.BASE_URL,
                        Variable.CHAT_ANTHROPIC_MODELS),
                service(
                        environment,
                        "GEMINI",
                        environment.text(Variable.GEMINI_API_KEY),
                        environment.text(Variable.GEMINI_BASE_URL),
                        GeminiProvider.BASE_URL,
                        Variable.CHAT_GEMINI_MODELS),
                service(
                        environment,
                        "OLLAMA",
                        null,
                        environment.text(Variable.OLLAMA_BASE_URL),
                        "",
                        Variable.CHAT_OLLAMA_MODELS),
                openAiApi(environment.text(Variable.CHAT_OPENAI_API), openAi),
                LangGraphSettings.of(
                        environment.text(Variable.LANGGRAPH_URL),
                        environment.text(Variable.LANGGRAPH_API_KEY),
                        environment.text(Variable.CHAT_LANGGRAPH_ASSISTANT)),
                new CallLimits(
                        positive(environment, Variable.CHAT_MODEL_CONNECT_TIMEOUT, 5_000),
                        positive(environment, Variable.CHAT_MODEL_FIRST_TOKEN_TIMEOUT, 30_000),
                        positive(environment, Variable.CHAT_MODEL_IDLE_TIMEOUT, 20_000),
                        positive(environment, Variable.CHAT_MODEL_TOTAL_TIMEOUT, 300_000)),
                environment.number(Variable.CHAT_MODEL_RETRIES, 4, 0, 100),
                positive(environment, Variable.CHAT_MODEL_RETRY_DELAY, 500),
                positive(environment, Variable.CHAT_MODEL_REST, 15_000));
    }

    /// Whether any service is configured.
    boolean isAny() {
        return openAi.isPresent()
                || anthropic.isPresent()
                || gemini.isPresent()
                || ollama.isPresent()
                || langGraph.isPresent();
    }

    private static OpenAiApi openAiApi(@Nullable String text, Optional<ServiceSettings> openAi) {
        if (text == null) {
            return openAi.map(OpenAiApi::bestAt).orElse(OpenAiApi.CHAT);
        }
        for (OpenAiApi api : OpenAiApi.values()) {
            if (api.name().toLowerCase(Locale.ROOT).equals(text)) {
                return api;
            }
        }
        throw new IllegalArgumentException(
                "CHAT_OPENAI_API must be chat, responses or background, but is '" + text + "'");
    }

    private static Optional<ServiceSettings> service(
            Environment environment,
            String name,
            @Nullable String apiKey,
            @Nullable String baseUrl,
            String ownBaseUrl,
            Variable models) {
        return apiKey == null && baseUrl == null
                ? Optional.empty()
                : Optional.of(
                        ServiceSettings.of(
                                        name,
                                        apiKey,
                                        baseUrl == null ? ownBaseUrl : baseUrl,
                                        environment.list(models),
                                        environment.flag(Variable.CHAT_MODEL_REASONING))
                                .withThinkTags(environment.flag(Variable.CHAT_MODEL_THINK_TAGS)));
    }

    private static ServiceSettings.Chat chat(Environment environment) {
        return new ServiceSettings.Chat(
                tokenLimit(environment.text(Variable.CHAT_OPENAI_TOKEN_LIMIT)),
                environment.text(Variable.CHAT_OPENAI_STREAM_OPTIONS) == null
                        || environment.flag(Variable.CHAT_OPENAI_STREAM_OPTIONS));
    }

    private static @Nullable ChatTokenLimit tokenLimit(@Nullable String text) {
        if (text == null) {
            return null;
        }
        for (ChatTokenLimit limit : ChatTokenLimit.values()) {
            if (limit.field().equals(text)) {
                return limit;
            }
        }
        throw new IllegalArgumentException(
                "CHAT_OPENAI_TOKEN_LIMIT must be max_tokens or max_completion_tokens, but is '"
                        + text
                        + "'");
    }

    private static Duration positive(Environment environment, Variable variable, int ifUnsetMs) {
        Duration duration = environment.duration(variable, Duration.ofMillis(ifUnsetMs));
        if (!duration.isPositive() || duration.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(
                    variable + " must be longer than zero and at most 24h");
        }
        return duration;
    }
}
