package dev.antiphon.worker.provider;

import dev.antiphon.worker.provider.http.CallLimits;
import dev.antiphon.worker.provider.http.StreamingTransport;
import dev.langchain4j.model.ollama.OllamaChatRequestParameters;
import dev.langchain4j.model.ollama.OllamaStreamingChatModel;

import java.util.List;

/// Ollama's own protocol, which streams lines of JSON.
public final class OllamaProvider {

    public static final String NAME = "ollama";

    /// It runs on one's own machine; most who try it begin with this one.
    private static final String DEFAULT_MODEL = "llama3.2";

    private OllamaProvider() {}

    /// Makes the provider; connects to nothing yet.
    public static ModelProvider open(
            ServiceSettings settings, CallLimits limits, StreamingTransport transport) {
        List<String> models = settings.modelsOr(DEFAULT_MODEL);
        OllamaStreamingChatModel.OllamaStreamingChatModelBuilder model =
                OllamaStreamingChatModel.builder()
                        .httpClientBuilder(transport.asBuilder())
                        .baseUrl(settings.baseUrl())
                        .modelName(models.getFirst())
                        .customHeaders(LangChainProvider.HEADERS)
                        .returnThinking(true);
        if (settings.reasoning()) {
            model.think(true);
        }
        return new LangChainProvider(
                NAME,
                models,
                model.build(),
                call -> LangChainProvider.fill(OllamaChatRequestParameters.builder(), call, models),
                OllamaFormat::new,
                RequestFitting.NONE,
                settings,
                limits);
    }
}
