package dev.antiphon.providers;

import dev.antiphon.api.model.CallLimits;
import dev.antiphon.api.model.ModelCall;
import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.model.ModelProviderFactory;
import dev.antiphon.api.model.ProviderContext;
import dev.antiphon.transport.ProviderTransport;
import dev.antiphon.transport.StreamingTransport;
import dev.langchain4j.model.anthropic.AnthropicChatRequestParameters;
import dev.langchain4j.model.anthropic.AnthropicStreamingChatModel;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Anthropic's Messages.
public final class AnthropicFactory implements ModelProviderFactory {

    static final String NAME = "anthropic";

    static final String BASE_URL = "https://api.anthropic.com/v1";

    private static final String DEFAULT_MODEL = "claude-sonnet-4-6";

    @Override
    public Set<String> variables() {
        return ServiceSettings.variables("ANTHROPIC");
    }

    @Override
    public Optional<ModelProvider> create(ProviderContext context) {
        return ServiceSettings.read(context.environment(), "ANTHROPIC", BASE_URL)
                .map(each -> open(each, context.limits(), ProviderTransport.http(context)));
    }

    /// Creates the provider; connects to nothing yet.
    static ModelProvider open(
            ServiceSettings settings, CallLimits limits, StreamingTransport transport) {
        List<String> models = settings.modelsOr(DEFAULT_MODEL);
        boolean reasoning = settings.reasoning();
        AnthropicStreamingChatModel.AnthropicStreamingChatModelBuilder model =
                AnthropicStreamingChatModel.builder()
                        .httpClientBuilder(LangChainHttp.over(transport))
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

    /// The service accepts 0 to 1, and no temperature while it thinks.
    private static @Nullable Double temperature(ModelCall call) {
        return call.temperature() == null ? null : Math.min(call.temperature(), 1);
    }
}
