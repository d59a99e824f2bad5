package dev.antiphon.worker.provider;

import dev.antiphon.protocol.InvalidInput;
import dev.antiphon.protocol.Json;
import dev.antiphon.worker.provider.Capabilities.Continuation;
import dev.antiphon.worker.provider.http.CallLimits;
import dev.antiphon.worker.provider.http.Dialect.Sign;
import dev.antiphon.worker.provider.http.StreamingTransport;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.openai.OpenAiChatRequestParameters;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/// OpenAI's Chat Completions, and every server that speaks them: vLLM, llama.cpp, LM Studio, OpenRouter and many more.
public final class OpenAiProvider implements ModelProvider {

    public static final String NAME = "openai";

    /// Cheap, quick to its first token, and takes a temperature, which models that reason refuse.
    static final String DEFAULT_MODEL = "gpt-4.1-mini";

    private final OpenAiSettings settings;
    private final OpenAiStreamingChatModel model;
    private final LangChainCalls calls;

    /// Makes the provider; connects to nothing yet.
    public OpenAiProvider(
            OpenAiSettings settings, CallLimits limits, StreamingTransport transport) {
        this.settings = settings;
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

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<String> models() {
        return settings.isOpenAi() ? List.of(DEFAULT_MODEL) : List.of();
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
        parameters.temperature(call.temperature());
        parameters.toolSpecifications(LangChainTurns.tools(call));
        if (settings.isOpenAi()) {
            parameters.modelName(call.model() == null ? DEFAULT_MODEL : call.model());
            parameters.maxCompletionTokens(call.maxTokens()); // its newer models know only this
        } else {
            parameters.modelName(call.model()); // none asks most servers for the one they have
            parameters.maxOutputTokens(call.maxTokens()); // and this most servers know
        }
        return ChatRequest.builder()
                .messages(calls.messages(call))
                .parameters(parameters.build())
                .build();
    }

    /// Errors come as `{"error":{"message","type","code"}}`, within a stream and as the body of a refusal, or as an event
    /// of that name.
    static Sign sign(@Nullable String event, String data) {
        if (data.equals("[DONE]")) {
            return new Sign.End();
        }
        boolean isError = "error".equals(event);
        // In a text the quotes would be escaped.
        if (!isError && !data.contains("\"error\"")) {
            return new Sign.Part();
        }
        JsonNode object = parse(data);
        JsonNode error = object.path("error");
        if (error.isObject()) {
            return new Sign.Failure(name(error));
        }
        return isError || error.isString() ? new Sign.Failure(name(object)) : new Sign.Part();
    }

    private static @Nullable String name(JsonNode error) {
        JsonNode code = error.path("code");
        JsonNode name = code.isString() ? code : error.path("type");
        return name.isString() ? name.stringValue() : null;
    }

    /// An empty object when it is none: the library will say that it is malformed.
    private static JsonNode parse(String data) {
        try {
            return Json.readObject(data.getBytes(StandardCharsets.UTF_8));
        } catch (InvalidInput e) {
            return Json.object();
        }
    }
}
