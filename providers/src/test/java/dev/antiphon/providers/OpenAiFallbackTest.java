package dev.antiphon.providers;

import static dev.antiphon.providers.WireCalls.KEY;
import static dev.antiphon.providers.WireCalls.PATIENT;
import static dev.antiphon.providers.WireCalls.call;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.testkit.FakeModelServer;
import dev.antiphon.testkit.FakeModelServer.Exchange;
import dev.antiphon.testkit.FakeModelServer.Request;
import dev.antiphon.testkit.OpenAiWire;
import dev.antiphon.testkit.ResponsesWire;
import dev.antiphon.testkit.Wire;
import dev.antiphon.testkit.Wire.Reason;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.util.List;

/// If a service refuses OpenAI's newer protocols, an older one is used.
final class OpenAiFallbackTest {

    private static final ResponsesWire RESPONSES = new ResponsesWire();
    private static final OpenAiWire CHAT = new OpenAiWire();

    private final WireCalls calls = new WireCalls(RESPONSES);
    private List<Request> requests = List.of();

    // How the service refuses.
    private int status;
    private String error = "";
    private boolean onlyTheBackground;
    private boolean chatToo;

    @AfterEach
    void close() throws Exception {
        calls.close();
    }

    private ModelProvider provider() throws Exception {
        FakeModelServer server = calls.server(this::answer);
        requests = server.requests;
        return new OpenAiFallback(
                new ServiceSettings(KEY, server.url() + "/v1", List.of(), false),
                OpenAiApi.BACKGROUND,
                PATIENT,
                calls.transport(PATIENT));
    }

    private void answer(Exchange exchange) throws IOException {
        boolean isChat = exchange.request().line().contains("/chat/completions ");
        boolean isBackground = exchange.request().body().path("background").asBoolean(false);
        if (isChat ? chatToo : isBackground || !onlyTheBackground) {
            exchange.answer(status, "", error);
        } else {
            Wire wire = isChat ? CHAT : RESPONSES;
            exchange.open().send(wire.begin() + wire.text("hi") + wire.end(Reason.STOP, 1)).end();
        }
    }

    private List<String> asked() {
        return requests.stream()
                .map(Request::line)
                .map(line -> line.replaceAll("POST /v1/(.*) HTTP.*", "$1"))
                .toList();
    }

    private static String error(String param, String message) {
        return "{\"error\":{\"message\":\""
                + message
                + "\",\"type\":\"invalid_request_error\",\"param\":\""
                + param
                + "\",\"code\":null}}";
    }

    @Test
    void anAccountWithoutBackgroundModeUsesResponsesFromThenOn() throws Exception {
        status = 400;
        error = error("", "Background mode is not supported with zero data retention.");
        onlyTheBackground = true;
        ModelProvider provider = provider();

        assertThat(provider.stream(call("hi"), calls.sink).turn().text()).isEqualTo("hi");
        assertThat(provider.stream(call("hi"), calls.sink).turn().text()).isEqualTo("hi");

        assertThat(asked()).containsExactly("responses", "responses", "responses");
        assertThat(requests.getLast().body().path("background").asBoolean(true)).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "404, '', Not found",
        "405, '', Method not allowed",
        "401, '', Missing scopes: api.responses.write",
        "400, model, This model is not supported in v1/responses"
    })
    void aServerWithoutResponsesIsAskedForChatCompletions(int refused, String param, String message)
            throws Exception {
        status = refused;
        error = error(param, message);
        ModelProvider provider = provider();

        assertThat(provider.stream(call("hi"), calls.sink).turn().text()).isEqualTo("hi");
        assertThat(provider.stream(call("hi"), calls.sink).turn().text()).isEqualTo("hi");

        assertThat(asked()).containsExactly("responses", "chat/completions", "chat/completions");
    }

    @ParameterizedTest
    @CsvSource({
        "400, max_output_tokens, too small",
        "404, model, The model is not known",
        "401, '', Incorrect API key",
        "429, '', background responses are limited",
        "500, '', background"
    })
    void anErrorOfEveryProtocolFailsAtOnce(int refused, String param, String message)
            throws Exception {
        status = refused;
        error = error(param, message);

        calls.failure(provider());

        assertThat(asked()).containsExactly("responses");
    }

    @Test
    void aRefusalByTheOlderProtocolTooIsNotRemembered() throws Exception {
        status = 404;
        error = error("", "Not found");
        chatToo = true;
        ModelProvider provider = provider();
        calls.failure(provider);
        chatToo = false;

        provider.stream(call("hi"), calls.sink);

        assertThat(asked())
                .containsExactly("responses", "chat/completions", "responses", "chat/completions");
    }
}
