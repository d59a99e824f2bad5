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
import dev.antiphon.testkit.FakeModelServer.Script;
import dev.antiphon.transport.StreamingTransport;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Providers `openai` with fake servers, and what reached their sink. Closes everything that it opened.
@SuppressWarnings("try") // if close is interrupted, the test has failed already
final class OpenAiCalls implements AutoCloseable {

    static final String KEY = "sk-secret-1234567890";
    static final Duration LONG = Duration.ofSeconds(30);
    static final CallLimits PATIENT = new CallLimits(LONG, LONG, LONG, LONG);
    static final Instant NOW = Instant.parse("2026-11-01T12:00:00Z");

    /// What the sink of {@link #ask} and {@link #failure} has received, with reasoning in brackets.
    final CollectingSink sink = new CollectingSink();

    private final List<AutoCloseable> opened = new ArrayList<>();

    FakeModelServer server(Script script) throws IOException {
        return closing(new FakeModelServer(script));
    }

    ModelProvider provider(String baseUrl, CallLimits limits) {
        return provider(new ServiceSettings(KEY, baseUrl, List.of(), false), limits);
    }

    ModelProvider provider(ServiceSettings settings, CallLimits limits) {
        StreamingTransport transport =
                closing(new StreamingTransport(limits.connect(), InstantSource.fixed(NOW)));
        return OpenAiFactory.open(settings, limits, transport);
    }

    ModelProvider provider(Script script) throws IOException {
        return provider(server(script).baseUrl(), PATIENT);
    }

    <T extends AutoCloseable> T closing(T resource) {
        opened.add(resource);
        return resource;
    }

    static ModelCall call(String message) {
        return ModelCall.of("gpt-test", List.of(new ModelTurn.User(message)));
    }

    ModelAnswer ask(Script script) throws Exception {
        return provider(script).stream(call("hi"), sink);
    }

    ProviderFailure failure(Script script) throws Exception {
        return failure(PATIENT, script);
    }

    ProviderFailure failure(CallLimits limits, Script script) throws Exception {
        return failure(provider(server(script).baseUrl(), limits));
    }

    /// The failure of a call; checks that its message can be shown to users.
    ProviderFailure failure(ModelProvider provider) {
        ProviderFailure failure =
                catchThrowableOfType(
                        ProviderFailure.class, () -> provider.stream(call("hi"), sink));
        assertThat(failure).isNotNull();
        assertThat(failure.getMessage())
                .startsWith("The provider 'openai' ")
                .endsWith(".")
                .doesNotContain(KEY, "\n", "leak");
        return failure;
    }

    /// A script that sends the parts as one complete stream.
    static Script stream(String... parts) {
        return exchange -> {
            exchange.open();
            for (String part : parts) {
                exchange.send(part);
            }
            exchange.end();
        };
    }

    /// A script that sends a part and then nothing, until the client leaves; then it notifies `left`.
    static Script stall(String part, CountDownLatch left) {
        return exchange -> {
            exchange.open().send(part).stall();
            left.countDown();
        };
    }

    static boolean reached(CountDownLatch latch) {
        try {
            return latch.await(LONG.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            return false;
        }
    }

    @Override
    public void close() throws Exception {
        for (AutoCloseable each : opened.reversed()) {
            each.close();
        }
    }
}
