package dev.antiphon.worker.provider;

import dev.antiphon.worker.provider.http.CallLimits;
import dev.antiphon.worker.provider.http.StreamingTransport;
import dev.langchain4j.model.openai.OpenAiChatRequestParameters;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;

import java.util.List;

/// OpenAI's Chat Completions, and every server that speaks them: vLLM, llama.cpp, LM Studio, OpenRouter and many more.
public final class OpenAiProvider {

    public static final String NAME = "openai";

    /// Cheap, quick to its first token, and takes a temperature, which models that reason refuse.
    static final String DEFAULT_MODEL = "gpt-4.1-mini";

    static final String HOST = "api.openai.com";
    public static final String BASE_URL = "https://" + HOST + "/v1";

    private OpenAiProvider() {}

    /// Makes the provider; connects to nothing yet.
    public static ModelProvider open(
            ServiceSettings settings, CallLimits limits, StreamingTransport transport) {
        OpenAiStreamingChatModel model =
                OpenAiStreamingChatModel.builder()
                        .httpClientBuilder(transport.asBuilder())
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

    /// Of another server only the server knows what it has.
    static List<String> models(ServiceSettings settings) {
        return settings.isAt(HOST) ? settings.modelsOr(DEFAULT_MODEL) : settings.models();
    }

    /// OpenAI's newer models know only the one name, most servers only the other.
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
