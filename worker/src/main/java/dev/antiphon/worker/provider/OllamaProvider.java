package dev.antiphon.worker.provider;

import dev.antiphon.worker.provider.Capabilities.Continuation;
import dev.antiphon.worker.provider.http.CallLimits;
import dev.antiphon.worker.provider.http.Dialect.Sign;
import dev.antiphon.worker.provider.http.StreamingTransport;
import dev.langchain4j.model.ollama.OllamaChatRequestParameters;
import dev.langchain4j.model.ollama.OllamaStreamingChatModel;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Map;

/// Ollama's own protocol, which streams lines of JSON.
public final class OllamaProvider implements ModelProvider {

    public static final String NAME = "ollama";

    /// It runs on one's own machine; most who try it begin with this one.
    private static final String DEFAULT_MODEL = "llama3.2";

    private final List<String> models;
    private final OllamaStreamingChatModel model;
    private final LangChainCalls calls;

    /// Makes the provider; connects to nothing yet.
    public OllamaProvider(
            ServiceSettings settings, CallLimits limits, StreamingTransport transport) {
        this.models = settings.modelsOr(DEFAULT_MODEL);
        this.calls = new LangChainCalls(NAME, limits, OllamaProvider::sign);
        OllamaStreamingChatModel.OllamaStreamingChatModelBuilder builder =
                OllamaStreamingChatModel.builder()
                        .httpClientBuilder(transport.asBuilder())
                        .baseUrl(settings.baseUrl())
                        .modelName(models.getFirst())
                        .customHeaders(Map.of("User-Agent", "antiphon"))
                        .returnThinking(true);
        if (settings.reasoning()) {
            builder.think(true);
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
        OllamaChatRequestParameters.Builder parameters = OllamaChatRequestParameters.builder();
        LangChainCalls.fill(parameters, call, models);
        return calls.stream(model, calls.request(call, parameters.build()), call, sink);
    }

    static Sign sign(@Nullable String event, String data) {
        Sign failure = Signs.failure(event, data);
        if (failure != null) {
            return failure;
        }
        // In a text the quotes would be escaped.
        return data.contains("\"done\"") && Signs.parse(data).path("done").asBoolean(false)
                ? new Sign.End()
                : new Sign.Part();
    }
}
