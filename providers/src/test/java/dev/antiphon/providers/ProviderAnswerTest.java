package dev.antiphon.providers;

import static dev.antiphon.providers.WireCalls.PATIENT;
import static dev.antiphon.providers.WireCalls.call;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.api.model.ModelCall;
import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.model.ModelTurn;
import dev.antiphon.testkit.FakeModelServer;
import dev.antiphon.testkit.Wire;
import dev.antiphon.testkit.Wire.Reason;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.List;

/// How every provider reads a whole answer.
@ParameterizedClass
@MethodSource("dev.antiphon.testkit.Wire#all")
final class ProviderAnswerTest {

    private final Wire wire;
    private final WireCalls calls;

    ProviderAnswerTest(Wire wire) {
        this.wire = wire;
        this.calls = new WireCalls(wire);
    }

    @AfterEach
    void close() throws Exception {
        calls.close();
    }

    @Test
    void withoutAModelTheFirstOfferedOneIsUsed() throws Exception {
        FakeModelServer server =
                calls.server(calls.stream(wire.text("a"), wire.end(Reason.STOP, 1)));
        ModelProvider provider = calls.provider(server, PATIENT);

        var _ = provider.stream(ModelCall.of(null, List.of(new ModelTurn.User("hi"))), calls.sink);

        assertThat(wire.asked(server.requests.getFirst()).temperature()).isNull();
        assertThat(wire.asked(server.requests.getFirst()).model()).isEqualTo("own-model");
        assertThat(provider.models()).containsExactly("own-model");
    }

    @Test
    void aServerOfOnesOwnNeedsNoKey() throws Exception {
        FakeModelServer server =
                calls.server(calls.stream(wire.text("a"), wire.end(Reason.STOP, 1)));
        ServiceSettings settings =
                new ServiceSettings(null, server.url() + wire.path(), List.of(), false);

        var _ =
                WireProviders.open(wire, settings, PATIENT, calls.transport(PATIENT)).stream(
                        call("hi"), calls.sink);

        assertThat(calls.sink.text()).isEqualTo("a");
    }
}
