package example;

import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.model.ModelProviderFactory;
import dev.antiphon.api.model.ProviderContext;

import java.util.Optional;
import java.util.Set;

/// Creates the provider when a worker starts. META-INF/services names this class.
public final class ShoutFactory implements ModelProviderFactory {

    @Override
    public Set<String> variables() {
        return Set.of("SHOUT_END");
    }

    @Override
    public Optional<ModelProvider> create(ProviderContext context) {
        return Optional.of(new ShoutProvider(context.environment().text("SHOUT_END", "!")));
    }
}
