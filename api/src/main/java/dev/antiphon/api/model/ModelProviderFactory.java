package dev.antiphon.api.model;

import java.util.Optional;
import java.util.Set;

/// Makes a model provider when a worker starts. An extension names its own in
/// `META-INF/services/dev.antiphon.api.model.ModelProviderFactory` (docs/extending.md); the class needs a public
/// constructor without parameters.
public interface ModelProviderFactory {

    /// The environment variables that it reads. Those of an extension must not begin with `CHAT_`, which are Antiphon's.
    /// Default none.
    default Set<String> variables() {
        return Set.of();
    }

    /// Makes the provider, once per worker, before the worker does anything else: connect to nothing yet. The worker closes a
    /// provider that is an {@link AutoCloseable}.
    ///
    /// @return empty when the provider is not configured: the worker runs without it
    /// @throws IllegalArgumentException when it is configured wrongly: the worker ends with the message, one line that
    ///     names the variable
    Optional<ModelProvider> create(ProviderContext context);
}
