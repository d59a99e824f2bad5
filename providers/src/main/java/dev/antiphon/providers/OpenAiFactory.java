package dev.antiphon.providers;

import dev.antiphon.api.model.CallLimits;
import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.model.ModelProviderFactory;
import dev.antiphon.api.model.ProviderContext;
import dev.antiphon.protocol.Settings;
import dev.antiphon.transport.ProviderTransport;
import dev.antiphon.transport.StreamingTransport;
import dev.langchain4j.model.openai.OpenAiChatRequestParameters;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;

import org.jspecify.annotations.Nullable;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// OpenAI: Chat Completions and Responses, for every compatible server (vLLM, llama.cpp, LM Studio, OpenRouter and
/// many more).
public final class OpenAiFactory implements ModelProviderFactory {

    static final String NAME = "openai";

    /// Cheap, with a fast first token, and accepts a temperature, which reasoning models refuse.
    static final String DEFAULT_MODEL = "gpt-4.1-mini";

    static final String HOST = "api.openai.com";
    static final String BASE_URL = "https://" + HOST + "/v1";

    private static final String API = "CHAT_OPENAI_API";
    private static final String TOKEN_LIMIT = "CHAT_OPENAI_TOKEN_LIMIT";
    private static final String STREAM_OPTIONS = "CHAT_OPENAI_STREAM_OPTIONS";

    @Override
    public Set<String> variables() {
        Set<String> variables = new HashSet<>(ServiceSettings.variables("OPENAI"));
        variables.addAll(Set.of(API, TOKEN_LIMIT, STREAM_OPTIONS));
        return variables;
    }

    @Override
    public Optional<ModelProvider> create(ProviderContext context) {
        OpenAiApi api = api(context.environment());
        return settings(context.environment()).map(each -> open(each, api, context));
    }

    static Optional<ServiceSettings> settings(Settings environment) {
        return ServiceSettings.read(environment, "OPENAI", BASE_URL)
                .map(each -> each.withChat(chat(environment)));
    }

    private static ModelProvider open(
            ServiceSettings settings, OpenAiApi api, ProviderContext context) {
        StreamingTransport transport = ProviderTransport.http(context);
        return switch (api) {
            case CHAT -> open(settings, context.limits(), transport);
            case RESPONSES, BACKGROUND ->
                    new OpenAiFallback(settings, api, context.limits(), transport);
        };
    }

    /// The protocol. Default: background mode at OpenAI itself, where a worker's death then costs no token; Chat
    /// Completions at other addresses, whose servers support it best.
    static OpenAiApi api(Settings environment) {
        String text = environment.text(API);
        if (text == null) {
            return settings(environment).map(OpenAiApi::bestAt).orElse(OpenAiApi.CHAT);
        }
        for (OpenAiApi api : OpenAiApi.values()) {
            if (api.name().toLowerCase(Locale.ROOT).equals(text)) {
                return api;
            }
        }
        throw new IllegalArgumentException(
                API + " must be chat, responses or background, but is '" + text + "'");
    }

    private static ServiceSettings.Chat chat(Settings environment) {
        return new ServiceSettings.Chat(
                tokenLimit(environment.text(TOKEN_LIMIT)), environment.flag(STREAM_OPTIONS, true));
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
                TOKEN_LIMIT
                        + " must be max_tokens or max_completion_tokens, but is '"
                        + text
                        + "'");
    }

    /// Creates the provider of Chat Completions; connects to nothing yet.
    static ModelProvider open(
            ServiceSettings settings, CallLimits limits, StreamingTransport transport) {
        OpenAiStreamingChatModel model =
                OpenAiStreamingChatModel.builder()
                        .httpClientBuilder(LangChainHttp.over(transport))
                        .baseUrl(settings.baseUrl())
                        .apiKey(settings.apiKey())
                        .customHeaders(LangChainProvider.HEADERS)
                        .returnThinking(true)
                        .sendThinking(true)
                        .build();
        return new LangChainProvider(
                NAME,
                models(settings),
                model,
                call ->
                        LangChainProvider.fill(
                                OpenAiChatRequestParameters.builder(), call, models(settings)),
                OpenAiFormat::new,
                fitting(settings),
                settings,
                limits);
    }

    /// Only another server itself knows its models.
    static List<String> models(ServiceSettings settings) {
        return settings.isAt(HOST) ? settings.modelsOr(DEFAULT_MODEL) : settings.models();
    }

    /// OpenAI's newer models know only one name, most servers only the other.
    static OpenAiFitting fitting(ServiceSettings settings) {
        ChatTokenLimit best =
                settings.isAt(HOST)
                        ? ChatTokenLimit.MAX_COMPLETION_TOKENS
                        : ChatTokenLimit.MAX_TOKENS;
        ServiceSettings.Chat chat = settings.chat();
        return new OpenAiFitting(
                chat.tokenLimit() == null ? best : chat.tokenLimit(), chat.streamOptions());
    }
}
