package dev.antiphon.providers;

import dev.antiphon.api.model.CallLimits;
import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.model.ModelProviderFactory;
import dev.antiphon.api.model.ProviderContext;
import dev.antiphon.transport.ProviderTransport;
import dev.antiphon.transport.StreamingTransport;
import dev.langchain4j.model.ollama.OllamaChatRequestParameters;
import dev.langchain4j.model.ollama.OllamaStreamingChatModel;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Ollama's own protocol, which streams lines of JSON.
public final class OllamaFactory implements ModelProviderFactory {

    static final String NAME = "ollama";

    /// A model that runs on one's own machine and that most people try first.
    private static final String DEFAULT_MODEL = "llama3.2";

    @Override
    public Set<String> variables() {
        Set<String> variables = new HashSet<>(ServiceSettings.variables("OLLAMA"));
        variables.remove("OLLAMA_API_KEY"); // Ollama needs no key
        return variables;
    }

    @Override
    public Optional<ModelProvider> create(ProviderContext context) {
        return ServiceSettings.read(context.environment(), "OLLAMA", "")
                .map(each -> open(each, context.limits(), ProviderTransport.http(context)));
    }

    /// Creates the provider; connects to nothing yet.
    static ModelProvider open(
            ServiceSettings settings, CallLimits limits, StreamingTransport transport) {
        List<String> models = settings.modelsOr(DEFAULT_MODEL);
        OllamaStreamingChatModel.OllamaStreamingChatModelBuilder model =
                OllamaStreamingChatModel.builder()
                        .httpClientBuilder(LangChainHttp.over(transport))
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
