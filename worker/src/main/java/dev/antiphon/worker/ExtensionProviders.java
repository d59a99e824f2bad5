package dev.antiphon.worker;

import dev.antiphon.protocol.Environment;
import dev.antiphon.worker.extension.Extensions;
import dev.antiphon.worker.provider.ModelProvider;
import dev.antiphon.worker.provider.ModelProviderFactory;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The model providers that extensions bring.
final class ExtensionProviders {

    private static final Logger LOG = LoggerFactory.getLogger(ExtensionProviders.class);

    private ExtensionProviders() {}

    /// Makes those that are configured; whoever has to be closed is put in front of `opened`.
    ///
    /// @throws IllegalArgumentException when one cannot be made
    static List<ModelProvider> open(
            Extensions extensions, Environment environment, List<AutoCloseable> opened) {
        List<ModelProvider> providers = new ArrayList<>();
        for (ModelProviderFactory factory : extensions.services(ModelProviderFactory.class)) {
            Extensions.starting(factory, () -> create(factory, environment))
                    .ifPresent(provider -> {
                        if (provider instanceof AutoCloseable closeable) {
                            opened.addFirst(closeable);
                        }
                        providers.add(provider);
                    });
        }
        return providers;
    }

    private static Optional<ModelProvider> create(
            ModelProviderFactory factory, Environment environment) {
        Optional<ModelProvider> provider = factory.create(environment.others(factory.variables()));
        if (provider.isEmpty()) {
            LOG.atInfo()
                    .addKeyValue("factory", factory.getClass().getName())
                    .addKeyValue("variables", factory.variables())
                    .log("a model provider of an extension is not configured");
        } else if (provider.get().name().isBlank()) {
            throw new IllegalArgumentException("its provider has no name");
        }
        return provider;
    }
}
