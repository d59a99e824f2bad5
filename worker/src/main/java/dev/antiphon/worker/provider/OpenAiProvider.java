package dev.antiphon.worker.provider;

import dev.antiphon.worker.provider.http.CallLimits;
import dev.antiphon.worker.provider.http.Dialect.Sign;
import dev.antiphon.worker.provider.http.StreamingTransport;
import dev.langchain4j.model.openai.OpenAiChatRequestParameters;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;

import org.jspecify.annotations.Nullable;

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
                        .build();
        return new LangChainProvider(
                NAME,
                models(settings),
                model,
                call -> parameters(call, settings),
                OpenAiProvider::sign,
                limits);
    }

    /// Of another server only the server knows what it has.
    static List<String> models(ServiceSettings settings) {
        return settings.isAt(HOST) ? settings.modelsOr(DEFAULT_MODEL) : settings.models();
    }

    static OpenAiChatRequestParameters.Builder parameters(
            ModelCall call, ServiceSettings settings) {
        OpenAiChatRequestParameters.Builder parameters =
                LangChainProvider.fill(
                        OpenAiChatRequestParameters.builder(), call, models(settings));
        // Its newer models know only the one, most servers only the other.
        if (settings.isAt(HOST)) {
            parameters.maxOutputTokens(null).maxCompletionTokens(call.maxTokens());
        }
        return parameters;
    }

    /// Errors come as `{"error":{"message","type","code"}}`, within a stream and as the body of a refusal, or as an event
    /// of that name.
    private static Sign sign(@Nullable String event, String data) {
        if (data.equals("[DONE]")) {
            return new Sign.End();
        }
        Sign failure = Signs.failure(event, data);
        return failure == null ? new Sign.Part() : failure;
    }
}
