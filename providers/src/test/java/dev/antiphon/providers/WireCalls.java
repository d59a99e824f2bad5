package dev.antiphon.providers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.antiphon.api.model.CallLimits;
import dev.antiphon.api.model.ModelAnswer;
import dev.antiphon.api.model.ModelCall;
import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.model.ModelTurn;
import dev.antiphon.api.model.ProviderFailure;
import dev.antiphon.testkit.CollectingSink;
import dev.antiphon.testkit.FakeModelServer;
import dev.antiphon.testkit.FakeModelServer.Exchange;
import dev.antiphon.testkit.FakeModelServer.Script;
import dev.antiphon.testkit.Wire;
import dev.antiphon.transport.StreamingTransport;

import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

/// A provider with fake servers that speak its wire format, and what reached its sink. Closes everything that
/// it opened.
@SuppressWarnings("try") // if close is interrupted, the test has failed already
final class WireCalls implements AutoCloseable {

    static final String KEY = "sk-secret-1234567890";
    static final Duration LONG = Duration.ofSeconds(30);
    static final CallLimits PATIENT = new CallLimits(LONG, LONG, LONG, LONG);

    final CollectingSink sink = new CollectingSink();
    final Wire wire;
    private final List<AutoCloseable> opened = new ArrayList<>();

    WireCalls(Wire wire) {
        this.wire = wire;
    }

    FakeModelServer server(Script script) throws IOException {
        FakeModelServer server = new FakeModelServer(script);
        opened.add(server);
        return server;
    }

    ModelProvider provider(FakeModelServer server, CallLimits limits) {
        return WireProviders.open(
                wire,
                new ServiceSettings(KEY, server.url() + wire.path(), List.of("own-model"), false),
                limits,
                transport(limits));
    }

    StreamingTransport transport(CallLimits limits) {
        StreamingTransport transport =
                new StreamingTransport(limits.connect(), InstantSource.system());
        opened.add(transport);
        return transport;
    }

    ModelProvider provider(Script script) throws IOException {
        return provider(server(script), PATIENT);
    }

    /// Opens a stream of the wire's kind and sends its beginning.
    Exchange open(Exchange exchange) throws IOException {
        return exchange.open(wire.contentType()).send(wire.begin());
    }

    /// A script that sends the parts as one complete stream.
    Script stream(String... parts) {
        return exchange -> {
            open(exchange);
            for (String part : parts) {
                exchange.send(part);
            }
            exchange.end();
        };
    }

    static ModelCall call(String message) {
        return ModelCall.of("asked-model", List.of(new ModelTurn.User(message)));
    }

    ModelAnswer ask(Script script) throws Exception {
        return provider(script).stream(call("hi"), sink);
    }

    ProviderFailure failure(CallLimits limits, Script script) throws Exception {
        return failure(provider(server(script), limits));
    }

    /// The failure of a call; checks that its message can be shown to users.
    ProviderFailure failure(ModelProvider provider) {
        ProviderFailure failure =
                catchThrowableOfType(
                        ProviderFailure.class, () -> provider.stream(call("hi"), sink));
        assertThat(failure).isNotNull();
        assertThat(failure.getMessage())
                .startsWith("The provider '" + provider.name() + "' ")
                .endsWith(".")
                .doesNotContain(KEY, "\n", "leak");
        return failure;
    }

    @Override
    public void close() throws Exception {
        for (AutoCloseable each : opened.reversed()) {
            each.close();
        }
    }
}
