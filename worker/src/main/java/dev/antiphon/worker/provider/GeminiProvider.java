package dev.antiphon.worker.provider;

import dev.antiphon.worker.provider.Capabilities.Continuation;
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
import java.util.Map;

/// Google's Gemini API.
public final class GeminiProvider implements ModelProvider {

    public static final String NAME = "gemini";

    public static final String BASE_URL = "https://generativelanguage.googleapis.com/v1beta";

    private static final String DEFAULT_MODEL = "gemini-flash-latest";

    private final List<String> models;
    private final GoogleAiGeminiStreamingChatModel model;
    private final LangChainCalls calls;

    /// Makes the provider; connects to nothing yet.
    public GeminiProvider(
            ServiceSettings settings, CallLimits limits, StreamingTransport transport) {
        this.models = settings.modelsOr(DEFAULT_MODEL);
        this.calls = new LangChainCalls(NAME, limits, GeminiProvider::sign);
        GoogleAiGeminiStreamingChatModel.GoogleAiGeminiStreamingChatModelBuilder builder =
                GoogleAiGeminiStreamingChatModel.builder()
                        .httpClientBuilder(transport.asBuilder())
                        .baseUrl(settings.baseUrl())
                        // A server without a key behind one's own address: the library insists on
                        // some key.
                        .apiKey(settings.apiKey() == null ? "none" : settings.apiKey())
                        .modelName(models.getFirst())
                        .customHeaders(Map.of("User-Agent", "antiphon"))
                        .returnThinking(true)
                        .sendThinking(true); // the signatures too, without which it refuses tools'
        // results
        if (settings.reasoning()) {
            builder.thinkingConfig(GeminiThinkingConfig.builder().includeThoughts(true).build());
        }
        this.model = builder.build();
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
        GoogleAiGeminiChatRequestParameters.Builder parameters =
                GoogleAiGeminiChatRequestParameters.builder();
        LangChainCalls.fill(parameters, call, models);
        return calls.stream(model, calls.request(call, parameters.build()), call, sink);
    }

    /// A finish reason ends the answer, though some models give it with every event. A prompt that is refused is reported
    /// without one.
    static Sign sign(@Nullable String event, String data) {
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
