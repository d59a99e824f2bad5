package example;

import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.model.ModelProviderFactory;
import dev.antiphon.api.model.ProviderContext;
import dev.antiphon.protocol.Settings;

import java.net.URI;
import java.util.Optional;
import java.util.Set;

/// Creates the provider when `LARKSPUR_URL` is set. META-INF/services names this class.
public final class LarkspurFactory implements ModelProviderFactory {

    @Override
    public Set<String> variables() {
        return Set.of("LARKSPUR_URL", "LARKSPUR_KEY");
    }

    @Override
    public Optional<ModelProvider> create(ProviderContext context) {
        Settings settings = context.environment();
        String url = settings.text("LARKSPUR_URL");
        if (url == null) {
            return Optional.empty();
        }
        return Optional.of(
                new LarkspurProvider(
                        context.transport(),
                        URI.create(url + "/v1/compose"),
                        settings.text("LARKSPUR_KEY", "")));
    }
}
