package dev.antiphon.providers;

import dev.antiphon.api.model.CallLimits;
import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.model.ModelProviderFactory;
import dev.antiphon.api.model.ProviderContext;
import dev.antiphon.transport.ProviderTransport;
import dev.antiphon.transport.StreamingTransport;
import dev.langchain4j.model.googleai.GeminiThinkingConfig;
import dev.langchain4j.model.googleai.GoogleAiGeminiChatRequestParameters;
import dev.langchain4j.model.googleai.GoogleAiGeminiStreamingChatModel;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Google's Gemini API.
public final class GeminiFactory implements ModelProviderFactory {

    static final String NAME = "gemini";

    static final String BASE_URL = "https://generativelanguage.googleapis.com/v1beta";

    private static final String DEFAULT_MODEL = "gemini-flash-latest";

    @Override
    public Set<String> variables() {
        return ServiceSettings.variables("GEMINI");
    }

    @Override
    public Optional<ModelProvider> create(ProviderContext context) {
        return ServiceSettings.read(context.environment(), "GEMINI", BASE_URL)
                .map(each -> open(each, context.limits(), ProviderTransport.http(context)));
    }

    /// Creates the provider; connects to nothing yet.
    static ModelProvider open(
            ServiceSettings settings, CallLimits limits, StreamingTransport transport) {
        List<String> models = settings.modelsOr(DEFAULT_MODEL);
        GoogleAiGeminiStreamingChatModel.GoogleAiGeminiStreamingChatModelBuilder model =
                GoogleAiGeminiStreamingChatModel.builder()
                        .httpClientBuilder(LangChainHttp.over(transport))
                        .baseUrl(settings.baseUrl())
                        .apiKey(LangChainProvider.someKey(settings))
                        .modelName(models.getFirst())
                        .customHeaders(LangChainProvider.HEADERS)
                        .returnThinking(true)
                        // Includes the signatures, without which the service refuses tool results.
                        .sendThinking(true);
        if (settings.reasoning()) {
            model.thinkingConfig(GeminiThinkingConfig.builder().includeThoughts(true).build());
        }
        return new LangChainProvider(
                NAME,
                models,
                model.build(),
                call ->
                        LangChainProvider.fill(
                                GoogleAiGeminiChatRequestParameters.builder(), call, models),
                GeminiFormat::new,
                RequestFitting.NONE,
                settings,
                limits);
    }
}
