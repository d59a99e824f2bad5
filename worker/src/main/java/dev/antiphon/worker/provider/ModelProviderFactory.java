package dev.antiphon.worker.provider;

import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Makes a model provider when a worker starts. An extension names its own in
/// `META-INF/services/dev.antiphon.worker.provider.ModelProviderFactory` (docs/extending.md); the class needs a public
/// constructor without parameters.
public interface ModelProviderFactory {

    /// The environment variables that it reads; never one that begins with `CHAT_`, which are Antiphon's. Default none.
    default Set<String> variables() {
        return Set.of();
    }

    /// Makes the provider, once per worker, before the worker does anything else: connect to nothing yet. A provider
    /// that is an {@link AutoCloseable} is closed with the worker.
    ///
    /// @param environment the values of {@link #variables} that are set
    /// @return empty when the provider is not configured: the worker runs without it
    /// @throws IllegalArgumentException when it is configured wrongly: the worker ends with the message, one line that
    ///     names the variable
    Optional<ModelProvider> create(Map<String, String> environment);
}
