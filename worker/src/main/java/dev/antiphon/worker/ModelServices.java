package dev.antiphon.worker;

import dev.antiphon.worker.provider.AnthropicProvider;
import dev.antiphon.worker.provider.GeminiProvider;
import dev.antiphon.worker.provider.ModelProvider;
import dev.antiphon.worker.provider.OllamaProvider;
import dev.antiphon.worker.provider.OpenAiFallback;
import dev.antiphon.worker.provider.OpenAiProvider;
import dev.antiphon.worker.provider.ServiceSettings;
import dev.antiphon.worker.provider.http.CallLimits;
import dev.antiphon.worker.provider.http.StreamingTransport;
import dev.antiphon.worker.provider.langgraph.LangGraphProvider;
import dev.antiphon.worker.time.Time;

import java.util.ArrayList;
import java.util.List;

/// The providers of the services that are configured.
final class ModelServices {

    private ModelServices() {}

    /// Makes them, in the order in which one is chosen when none is named.
    static List<ModelProvider> open(ModelSettings models, StreamingTransport transport, Time time) {
        CallLimits limits = models.limits();
        List<ModelProvider> services = new ArrayList<>();
        models.openAi().map(each -> openAi(each, models, transport)).ifPresent(services::add);
        models.anthropic()
                .map(each -> AnthropicProvider.open(each, limits, transport))
                .ifPresent(services::add);
        models.gemini()
                .map(each -> GeminiProvider.open(each, limits, transport))
                .ifPresent(services::add);
        models.ollama()
                .map(each -> OllamaProvider.open(each, limits, transport))
                .ifPresent(services::add);
        models.langGraph()
                .map(each -> new LangGraphProvider(each, limits, transport, time))
                .ifPresent(services::add);
        return services;
    }

    private static ModelProvider openAi(
            ServiceSettings settings, ModelSettings models, StreamingTransport transport) {
        return switch (models.openAiApi()) {
            case CHAT -> OpenAiProvider.open(settings, models.limits(), transport);
            case RESPONSES, BACKGROUND ->
                    new OpenAiFallback(settings, models.openAiApi(), models.limits(), transport);
        };
    }
}
