package dev.antiphon.engine.run;

import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.model.ProviderFailure;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.RequestContext;

import org.jspecify.annotations.Nullable;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeSet;

/// The configured providers, and the choice of one for a request. The demo is always among them.
public final class Providers {

    /// The name of the provider that needs no key (PROTOCOL.md §6).
    private static final String DEMO = "demo";

    private final Map<String, ModelProvider> byName = new LinkedHashMap<>();
    private final ModelProvider fallback;
    private final @Nullable String defaultModel;

    /// Takes the providers. For requests that name none, `preferred` answers, or else the first provider that is not
    /// the demo.
    ///
    /// @param preferred the operator's choice, or null
    /// @param defaultModel the model of requests that name neither provider nor model, or null
    /// @throws IllegalArgumentException when `preferred` is not among them, or two have the same name
    public Providers(
            Collection<ModelProvider> providers,
            @Nullable String preferred,
            @Nullable String defaultModel) {
        this.defaultModel = defaultModel;
        for (ModelProvider provider : providers) {
            if (byName.put(provider.name(), provider) != null) {
                throw new IllegalArgumentException(
                        "two model providers are named '" + provider.name() + "'");
            }
        }
        this.fallback = fallback(preferred);
    }

    /// Takes the providers, without a default model.
    public Providers(Collection<ModelProvider> providers, @Nullable String preferred) {
        this(providers, preferred, null);
    }

    private ModelProvider fallback(@Nullable String preferred) {
        if (preferred != null) {
            ModelProvider chosen = byName.get(preferred);
            if (chosen == null) {
                throw new IllegalArgumentException(
                        "CHAT_DEFAULT_PROVIDER names '"
                                + preferred
                                + "', but configured are only "
                                + new TreeSet<>(byName.keySet()));
            }
            return chosen;
        }
        return byName.values().stream()
                .filter(provider -> !provider.name().equals(DEMO))
                .findFirst()
                .orElseGet(() -> byName.values().iterator().next());
    }

    /// The provider for a request. If only the demo is configured, it answers everything, so that the first request of
    /// a new user works with any name.
    ///
    /// @param name the provider that the request names, or null
    /// @throws ProviderFailure when it names a provider that is not configured here
    public ModelProvider choose(@Nullable String name) throws ProviderFailure {
        if (name == null || byName.size() == 1) {
            return fallback;
        }
        ModelProvider chosen = byName.get(name);
        if (chosen == null) {
            throw new ProviderFailure(
                    ErrorCode.PROVIDER_NOT_CONFIGURED,
                    "The provider '" + shorten(name) + "' is not configured.",
                    null);
        }
        return chosen;
    }

    /// The model for a request to `provider`. The operator's default is one of the default provider's models, so other
    /// providers use their own defaults.
    ///
    /// @param name the model that the request names, or null
    /// @return null for the provider's own default
    public @Nullable String modelFor(ModelProvider provider, @Nullable String name) {
        return name == null && provider.equals(fallback) ? defaultModel : name;
    }

    /// The model that a provider uses when the request and the settings name none.
    ///
    /// @return null when only the service knows
    public @Nullable String defaultModelOf(ModelProvider provider) {
        String ours = modelFor(provider, null);
        return ours != null || provider.models().isEmpty() ? ours : provider.models().getFirst();
    }

    /// The name of the model that answers a request to `provider` without a model, for people; empty when only the
    /// service knows.
    public String modelOf(ModelProvider provider) {
        String chosen = modelFor(provider, null);
        return chosen != null ? chosen : provider.models().stream().findFirst().orElse("");
    }

    /// The model that the last chunk of an answer names if the service has not named one: the model of the request,
    /// else the provider's default, else the provider itself. Never empty.
    public String modelNamedFor(RequestContext context) {
        String named = context.aiProvider();
        if (context.model() != null) {
            return context.model();
        }
        ModelProvider provider = named == null ? fallback : byName.get(named);
        String model = provider == null ? null : defaultModelOf(provider);
        return model != null ? model : named != null ? named : fallback.name();
    }

    /// The provider of requests that name none.
    public ModelProvider fallback() {
        return fallback;
    }

    /// All configured providers including the demo, as offered to users.
    public Collection<ModelProvider> all() {
        return byName.values();
    }

    public Collection<String> names() {
        return byName.keySet();
    }

    private static String shorten(String name) {
        return name.length() > 40 ? name.substring(0, 40) + "…" : name;
    }
}
