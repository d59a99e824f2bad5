package dev.antiphon.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.model.ModelProviderFactory;
import dev.antiphon.engine.run.Providers;
import dev.antiphon.protocol.Environment;
import dev.antiphon.providers.ModelProviders;
import dev.antiphon.time.Time;
import dev.antiphon.transport.ProviderTransport;
import dev.antiphon.worker.extension.Extensions;
import dev.antiphon.worker.extension.Jar;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

final class ProviderAssemblyTest {

    /// The demo provider under another name: `{name}` and the value of `ACME_KEY`.
    private static final String FACTORY =
            """
            import dev.antiphon.api.model.*;
            import java.util.*;
            public class Factory implements ModelProviderFactory {
                public Set<String> variables() { return Set.of("ACME_KEY"); }
                public Optional<ModelProvider> create(ProviderContext context) {
                    if (context.environment().text("ACME_SPOILT") != null) throw new IllegalStateException();
                    String key = context.environment().text("ACME_KEY");
                    if (key == null) return Optional.empty();
                    if (key.isEmpty() || key.equals("bad"))
                        throw new IllegalArgumentException("ACME_KEY is bad");
                    return Optional.of((ModelProvider) java.lang.reflect.Proxy.newProxyInstance(
                            Factory.class.getClassLoader(),
                            new Class<?>[] {ModelProvider.class, AutoCloseable.class},
                            (proxy, method, arguments) -> switch (method.getName()) {
                                case "name" -> key;
                                case "close" -> System.setProperty("example.closed", key);
                                case "hashCode" -> 1;
                                default -> throw new UnsupportedOperationException(method.getName());
                            }));
                }
            }
            """;

    @TempDir Path folder;
    private final List<AutoCloseable> opened = new ArrayList<>();

    private List<ModelProvider> providers(Map<String, String> environment) throws IOException {
        new Jar()
                .source("Factory", FACTORY)
                .service(ModelProviderFactory.class, "Factory")
                .into(folder.resolve("acme.jar"));
        Extensions extensions = Extensions.open(folder);
        opened.add(extensions);
        ModelSettings models = ModelSettings.from(Environment.of(Map.of()));
        Time time = Time.system();
        ProviderTransport transport = new ProviderTransport(models.limits(), time);
        opened.add(transport);
        return new ProviderAssembly(
                        ModelProviders.environment(environment), transport, models, time)
                .open(extensions, opened);
    }

    @Test
    void aConfiguredProviderIsThereAndIsClosedFirst() throws Exception {
        List<ModelProvider> providers =
                providers(Map.of("ACME_KEY", "acme", "ACME_SPOILT", "is not asked for"));

        assertThat(providers).extracting(ModelProvider::name).isEqualTo(List.of("demo", "acme"));
        assertThat(opened).hasSize(3);
        for (AutoCloseable each : opened) {
            each.close();
        }
        assertThat(System.clearProperty("example.closed")).isEqualTo("acme");
    }

    @Test
    void anUnconfiguredProviderIsLeftOut() throws IOException {
        assertThat(providers(Map.of())).extracting(ModelProvider::name).containsExactly("demo");
    }

    @Test
    void oneThatIsConfiguredWronglyEndsTheStartWithItsReason() {
        assertThatThrownBy(() -> providers(Map.of("ACME_KEY", "bad")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the extension example.Factory failed: ACME_KEY is bad");
        assertThatThrownBy(() -> providers(Map.of("ACME_KEY", " ")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the extension example.Factory failed: its provider has no name");
    }

    @Test
    void twoOfOneNameEndTheStart() throws IOException {
        List<ModelProvider> all = providers(Map.of("ACME_KEY", "demo"));

        assertThatThrownBy(() -> new Providers(all, null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("two model providers are named 'demo'");
    }
}
