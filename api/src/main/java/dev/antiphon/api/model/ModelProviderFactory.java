package dev.antiphon.api.model;

import java.util.Optional;
import java.util.Set;

/// Creates a model provider when a worker starts.
///
/// An extension names its factories in `META-INF/services/dev.antiphon.api.model.ModelProviderFactory`
/// (docs/extending.md). The class needs a public constructor without parameters.
public interface ModelProviderFactory {

    /// The environment variables that the factory reads. Those of an extension must not begin with `CHAT_`, which is
    /// Antiphon's own prefix. Default none.
    default Set<String> variables() {
        return Set.of();
    }

    /// Creates the provider. Called once per worker, when it starts; the provider must not connect to anything yet. The
    /// worker closes a provider that is an {@link AutoCloseable} when it stops.
    ///
    /// @param context the variables, the transport, the time limits and the clock
    /// @return empty when the provider is not configured: the worker runs without it
    /// @throws IllegalArgumentException when the configuration is wrong. The worker prints the message and exits, so
    ///     the message is one line that names the variable
    Optional<ModelProvider> create(ProviderContext context);
}
