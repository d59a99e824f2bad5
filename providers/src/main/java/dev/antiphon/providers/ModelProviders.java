package dev.antiphon.providers;

import dev.antiphon.api.model.ModelProviderFactory;
import dev.antiphon.protocol.Environment;

import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.stream.Collectors;

/// The built-in providers of every worker, without those of extensions.
public final class ModelProviders {

    private ModelProviders() {}

    /// Their factories, in the order of `META-INF/services`.
    public static List<ModelProviderFactory> factories() {
        return ServiceLoader.load(ModelProviderFactory.class, ModelProviders.class.getClassLoader())
                .stream()
                .map(ServiceLoader.Provider::get)
                .toList();
    }

    /// The environment variables that the providers read.
    public static Set<String> variables() {
        return factories().stream()
                .flatMap(each -> each.variables().stream())
                .collect(Collectors.toUnmodifiableSet());
    }

    /// The environment of a process that accepts the variables of the providers, whether it reads them or not.
    ///
    /// @throws IllegalArgumentException as {@link Environment#of(Map, Set)}
    public static Environment environment(Map<String, String> all) {
        return Environment.of(all, variables());
    }
}
