package dev.antiphon.worker;

import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.model.ModelProviderFactory;
import dev.antiphon.api.model.ModelTransport;
import dev.antiphon.api.model.ProviderContext;
import dev.antiphon.protocol.Environment;
import dev.antiphon.providers.ModelProviders;
import dev.antiphon.time.Time;
import dev.antiphon.worker.extension.Extensions;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Creates the model providers of a worker: ours and those of extensions, all with the same interface.
final class ProviderAssembly {

    private static final Logger LOG = LoggerFactory.getLogger(ProviderAssembly.class);

    private final Environment environment;
    private final ModelTransport transport;
    private final ModelSettings models;
    private final Time time;

    /// The providers that were created.
    private final List<ModelProvider> providers = new ArrayList<>();

    ProviderAssembly(
            Environment environment, ModelTransport transport, ModelSettings models, Time time) {
        this.environment = environment;
        this.transport = transport;
        this.models = models;
        this.time = time;
    }

    /// Creates the configured providers: ours first, in the order in which one is chosen for requests that name none.
    /// Adds those that must be closed to the front of `opened`.
    ///
    /// @throws IllegalArgumentException when the configuration of one is wrong
    List<ModelProvider> open(Extensions extensions, List<AutoCloseable> opened) {
        for (ModelProviderFactory factory : ModelProviders.factories()) {
            create(factory).ifPresent(provider -> add(provider, opened));
        }
        for (ModelProviderFactory factory : extensions.services(ModelProviderFactory.class)) {
            Extensions.starting(factory, () -> createNamed(factory))
                    .ifPresentOrElse(
                            provider -> add(provider, opened), () -> notConfigured(factory));
        }
        return List.copyOf(providers);
    }

    private Optional<ModelProvider> create(ModelProviderFactory factory) {
        return factory.create(
                new ProviderContext(
                        environment.others(factory.variables()), transport, models.limits(), time));
    }

    private Optional<ModelProvider> createNamed(ModelProviderFactory factory) {
        Optional<ModelProvider> provider = create(factory);
        if (provider.isPresent() && provider.get().name().isBlank()) {
            throw new IllegalArgumentException("its provider has no name");
        }
        return provider;
    }

    private void add(ModelProvider provider, List<AutoCloseable> opened) {
        if (provider instanceof AutoCloseable closeable) {
            opened.addFirst(closeable);
        }
        providers.add(provider);
    }

    private static void notConfigured(ModelProviderFactory factory) {
        LOG.atInfo()
                .addKeyValue("factory", factory.getClass().getName())
                .addKeyValue("variables", factory.variables())
                .log("model provider of an extension is not configured");
    }
}
