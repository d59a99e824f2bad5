package dev.antiphon.providers.langgraph;

import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.model.ModelProviderFactory;
import dev.antiphon.api.model.ProviderContext;
import dev.antiphon.transport.ProviderTransport;

import java.util.Optional;
import java.util.Set;

/// Creates the provider `langgraph`.
public final class LangGraphFactory implements ModelProviderFactory {

    @Override
    public Set<String> variables() {
        return LangGraphSettings.VARIABLES;
    }

    @Override
    public Optional<ModelProvider> create(ProviderContext context) {
        return LangGraphSettings.read(context.environment())
                .map(each ->
                        new LangGraphProvider(
                                each,
                                context.limits(),
                                ProviderTransport.http(context),
                                context.time()));
    }
}
