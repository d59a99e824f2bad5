package example;

import dev.antiphon.worker.provider.ModelProvider;
import dev.antiphon.worker.provider.ModelProviderFactory;

import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Makes the provider when a worker starts: META-INF/services names this class.
public final class ShoutFactory implements ModelProviderFactory {

    @Override
    public Set<String> variables() {
        return Set.of("SHOUT_END");
    }

    @Override
    public Optional<ModelProvider> create(Map<String, String> environment) {
        return Optional.of(new ShoutProvider(environment.getOrDefault("SHOUT_END", "!")));
    }
}
