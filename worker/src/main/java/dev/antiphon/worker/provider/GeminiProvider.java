package dev.antiphon.worker.provider;

import dev.antiphon.worker.provider.http.CallLimits;
import dev.antiphon.worker.provider.http.StreamingTransport;
import dev.langchain4j.model.googleai.GeminiThinkingConfig;
import dev.langchain4j.model.googleai.GoogleAiGeminiChatRequestParameters;
import dev.langchain4j.model.googleai.GoogleAiGeminiStreamingChatModel;

import java.util.List;

/// Google's Gemini API.
public final class GeminiProvider {

    public static final String NAME = "gemini";

    public static final String BASE_URL = "https://generativelanguage.googleapis.com/v1beta";

    private static final String DEFAULT_MODEL = "gemini-flash-latest";

    private GeminiProvider() {}

    /// Makes the provider; connects to nothing yet.
    public static ModelProvider open(
            ServiceSettings settings, CallLimits limits, StreamingTransport transport) {
        List<String> models = settings.modelsOr(DEFAULT_MODEL);
        GoogleAiGeminiStreamingChatModel.GoogleAiGeminiStreamingChatModelBuilder model =
                GoogleAiGeminiStreamingChatModel.builder()
                        .httpClientBuilder(transport.asBuilder())
                        .baseUrl(settings.baseUrl())
                        .apiKey(LangChainProvider.someKey(settings))
                        .modelName(models.getFirst())
                        .customHeaders(LangChainProvider.HEADERS)
                        .returnThinking(true)
                        // The signatures too, without which the service refuses tools' results.
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
