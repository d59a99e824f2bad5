package dev.antiphon.worker.provider;

import dev.antiphon.worker.provider.http.CallLimits;
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
                AnthropicFormat::new,
                new AnthropicFitting(models.getFirst()),
                settings,
                limits);
    }

    private static AnthropicChatRequestParameters.Builder parameters(
            ModelCall call, List<String> models, boolean reasoning) {
        return LangChainProvider.fill(AnthropicChatRequestParameters.builder(), call, models)
                .temperature(reasoning ? null : temperature(call));
    }

    /// The service knows 0 to 1, and none while it thinks.
    private static @Nullable Double temperature(ModelCall call) {
        return call.temperature() == null ? null : Math.min(call.temperature(), 1);
    }
}
