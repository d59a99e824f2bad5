package dev.antiphon.worker.provider;

import dev.antiphon.worker.provider.Capabilities.Continuation;
import dev.antiphon.worker.provider.http.CallLimits;
import dev.antiphon.worker.provider.http.Dialect.Sign;
import dev.antiphon.worker.provider.http.StreamingTransport;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.openai.OpenAiChatRequestParameters;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Map;

/// OpenAI's Chat Completions, and every server that speaks them: vLLM, llama.cpp, LM Studio, OpenRouter and many more.
public final class OpenAiProvider implements ModelProvider {

    public static final String NAME = "openai";

    /// Cheap, quick to its first token, and takes a temperature, which models that reason refuse.
    static final String DEFAULT_MODEL = "gpt-4.1-mini";

    static final String HOST = "api.openai.com";
    public static final String BASE_URL = "https://" + HOST + "/v1";

    private final boolean isOpenAi;
    private final List<String> models;
    private final OpenAiStreamingChatModel model;
    private final LangChainCalls calls;

    /// Makes the provider; connects to nothing yet.
    public OpenAiProvider(
            ServiceSettings settings, CallLimits limits, StreamingTransport transport) {
        this.isOpenAi = settings.isAt(HOST);
        this.models = models(settings);
        this.calls = new LangChainCalls(NAME, limits, OpenAiProvider::sign);
        this.model =
                OpenAiStreamingChatModel.builder()
                        .httpClientBuilder(transport.asBuilder())
                        .baseUrl(settings.baseUrl())
                        .apiKey(settings.apiKey())
                        .customHeaders(Map.of("User-Agent", "antiphon"))
                        .returnThinking(true)
                        .build();
    }

    /// Of another server only the server knows what it has.
    static List<String> models(ServiceSettings settings) {
        return settings.isAt(HOST) ? settings.modelsOr(DEFAULT_MODEL) : settings.models();
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<String> models() {
        return models;
    }

    @Override
    public Capabilities capabilities() {
        return new Capabilities(true, true, true, true, Continuation.RESTART);
    }

    @Override
    public boolean joinsPieces() {
        return true;
    }

    @Override
    public ModelAnswer stream(ModelCall call, TokenSink sink)
            throws ProviderFailure, InterruptedException {
        return calls.stream(model, request(call), call, sink);
    }

    ChatRequest request(ModelCall call) {
        OpenAiChatRequestParameters.Builder parameters = OpenAiChatRequestParameters.builder();
        LangChainCalls.fill(parameters, call, models);
        if (isOpenAi) { // its newer models know only the one, most servers only the other
            parameters.maxOutputTokens(null);
            parameters.maxCompletionTokens(call.maxTokens());
        }
        return calls.request(call, parameters.build());
    }

    /// Errors come as `{"error":{"message","type","code"}}`, within a stream and as the body of a refusal, or as an event
    /// of that name.
    static Sign sign(@Nullable String event, String data) {
        if (data.equals("[DONE]")) {
            return new Sign.End();
        }
        Sign failure = Signs.failure(event, data);
        return failure == null ? new Sign.Part() : failure;
    }
}
