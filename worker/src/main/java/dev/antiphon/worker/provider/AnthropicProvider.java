package dev.antiphon.worker.provider;

import dev.antiphon.worker.provider.http.CallLimits;
import dev.antiphon.worker.provider.http.Dialect.Sign;
import dev.antiphon.worker.provider.http.StreamingTransport;
import dev.langchain4j.model.anthropic.AnthropicChatRequestParameters;
import dev.langchain4j.model.anthropic.AnthropicStreamingChatModel;

import org.jspecify.annotations.Nullable;

import java.util.List;

/// Anthropic's Messages.
public final class AnthropicProvider {

    public static final String NAME = "anthropic";

    public static final String BASE_URL = "https://api.anthropic.com/v1";

    private static final String DEFAULT_MODEL = "claude-sonnet-4-6";

    /// The service wants a bound; all its models of the last years can write as much.
    private static final int DEFAULT_MAX_TOKENS = 8_192;

    private AnthropicProvider() {}

    /// Makes the provider; connects to nothing yet.
    public static ModelProvider open(
            ServiceSettings settings, CallLimits limits, StreamingTransport transport) {
        List<String> models = settings.modelsOr(DEFAULT_MODEL);
        boolean reasoning = settings.reasoning();
        AnthropicStreamingChatModel.AnthropicStreamingChatModelBuilder model =
                AnthropicStreamingChatModel.builder()
                        .httpClientBuilder(transport.asBuilder())
                        .baseUrl(settings.baseUrl())
                        .apiKey(LangChainProvider.someKey(settings))
                        .customHeaders(LangChainProvider.HEADERS)
                        .returnThinking(true)
                        .sendThinking(true);
        if (reasoning) {
            model.thinkingType("adaptive").thinkingDisplay("summarized");
        }
        return new LangChainProvider(
                NAME,
                models,
                model.build(),
                call -> parameters(call, models, reasoning),
                AnthropicProvider::sign,
                limits);
    }

    private static AnthropicChatRequestParameters.Builder parameters(
            ModelCall call, List<String> models, boolean reasoning) {
        return LangChainProvider.fill(AnthropicChatRequestParameters.builder(), call, models)
                .temperature(reasoning ? null : temperature(call))
                .maxOutputTokens(call.maxTokens() == null ? DEFAULT_MAX_TOKENS : call.maxTokens());
    }

    /// The service knows 0 to 1, and none while it thinks.
    private static @Nullable Double temperature(ModelCall call) {
        return call.temperature() == null ? null : Math.min(call.temperature(), 1);
    }

    private static Sign sign(@Nullable String event, String data) {
        if ("message_stop".equals(event)) {
            return new Sign.End();
        }
        Sign failure = Signs.failure(event, data);
        return failure == null ? new Sign.Part() : failure;
    }
}
