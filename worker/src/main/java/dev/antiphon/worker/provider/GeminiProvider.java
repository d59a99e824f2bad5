package dev.antiphon.worker.provider;

import dev.antiphon.worker.provider.http.CallLimits;
import dev.antiphon.worker.provider.http.Dialect.Sign;
import dev.antiphon.worker.provider.http.StreamingTransport;
import dev.langchain4j.model.googleai.GeminiThinkingConfig;
import dev.langchain4j.model.googleai.GoogleAiGeminiChatRequestParameters;
import dev.langchain4j.model.googleai.GoogleAiGeminiStreamingChatModel;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;

import java.util.List;
import java.util.Locale;

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
                GeminiProvider::sign,
                limits);
    }

    /// A finish reason ends the answer, though some models give it with every event. A prompt that is refused is reported
    /// without one.
    private static Sign sign(@Nullable String event, String data) {
        Sign failure = Signs.failure(event, data);
        if (failure != null) {
            return failure;
        }
        if (data.contains("\"blockReason\"")) {
            JsonNode reason = Signs.parse(data).path("promptFeedback").path("blockReason");
            if (reason.isString()) {
                return new Sign.Failure(reason.stringValue().toLowerCase(Locale.ROOT));
            }
        }
        if (data.contains("\"finishReason\"")) {
            JsonNode candidate = Signs.parse(data).path("candidates").path(0);
            if (candidate.path("finishReason").isString()) {
                return new Sign.MayEnd();
            }
        }
        return new Sign.Part();
    }
}
