package dev.antiphon.worker.provider;

import static dev.antiphon.worker.provider.WireCalls.LONG;
import static dev.antiphon.worker.provider.WireCalls.PATIENT;
import static dev.antiphon.worker.provider.WireCalls.call;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.Json;
import dev.antiphon.worker.provider.Wire.Asked;
import dev.antiphon.worker.provider.Wire.Reason;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// What every provider must make of a whole answer.
@ParameterizedClass
@MethodSource("dev.antiphon.worker.provider.Wire#all")
final class ProviderAnswerTest {

    private static final ToolSpec WEATHER =
            new ToolSpec(
                    "weather",
                    "Tells the weather.",
                    Json.readObject(
                            "{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"}},\"required\":[\"city\"]}"
                                    .getBytes(UTF_8)));

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
    void piecesReachTheSinkAsTheyComeAndTheCompletionSaysWhatWasMeasured() throws Exception {
        CountDownLatch seen = new CountDownLatch(1);
        CompletableFuture<Boolean> seenBeforeTheEnd = new CompletableFuture<>();
        CollectingSink sink =
                new CollectingSink() {
                    @Override
                    public void content(String text) throws InterruptedException {
                        super.content(text);
                        seen.countDown();
                    }
                };
        ModelProvider provider =
                calls.provider(exchange -> {
                    calls.open(exchange).send(wire.text("Hel"));
                    seenBeforeTheEnd.complete(reached(seen));
                    exchange.send(wire.text("lo")).send(wire.end(Reason.STOP, 12)).end();
                });

        ModelAnswer answer = provider.stream(call("hi"), sink);

        assertThat(seenBeforeTheEnd.join()).isTrue();
        assertThat(sink.pieces).containsExactly("Hel", "lo");
        assertThat(answer.turn()).isEqualTo(new ModelTurn.Assistant("Hello"));
        assertThat(answer.completion().tokensUsed()).isEqualTo(12);
        assertThat(answer.completion().finishReason()).isEqualTo(Completion.FinishReason.STOP);
    }

    private static boolean reached(CountDownLatch latch) {
        try {
            return latch.await(LONG.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            return false;
        }
    }

    @Test
    void everyTextComesThroughHoweverItIsCutIntoPackets() throws Exception {
        String odd =
                "é 👩‍👩‍👧‍👦 مرحبا \u2028 \"quoted\" \\ </script>\r\n\n{\"error\":1} \"done\":true [DONE]";

        var _ =
                calls.ask(exchange -> {
                    exchange.open(wire.contentType()).sendBytes(wire.answer(odd, "error")).end();
                });

        assertThat(calls.sink.pieces).containsExactly(odd, "error");
    }

    @Test
    void theRequestSaysWhatTheCallSays() throws Exception {
        FakeModelServer server =
                calls.server(calls.stream(wire.text("a"), wire.end(Reason.STOP, 1)));
        ModelCall call =
                new ModelCall(
                        "asked-model",
                        "Be brief.",
                        List.of(
                                new ModelTurn.User("one"),
                                new ModelTurn.Assistant("two"),
                                new ModelTurn.Assistant(""),
                                new ModelTurn.User("three")),
                        List.of(),
                        0.25,
                        77,
                        "",
                        null);

        var _ = calls.provider(server, PATIENT).stream(call, calls.sink);

        Asked asked = wire.asked(server.requests.getFirst());
        assertThat(asked.model()).isEqualTo("asked-model");
        assertThat(asked.temperature()).isEqualTo(0.25);
        assertThat(asked.maxTokens()).isEqualTo(77);
        assertThat(asked.system()).isEqualTo("Be brief.");
        assertThat(asked.all()).containsSubsequence("\"one\"", "\"two\"", "\"three\"");
    }

    @Test
    void withoutAModelTheFirstThatIsOfferedIsAsked() throws Exception {
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
                wire.open(settings, PATIENT, calls.transport(PATIENT)).stream(
                        call("hi"), calls.sink);

        assertThat(calls.sink.text()).isEqualTo("a");
    }

    @Test
    void reasoningGoesBesideTheText() throws Exception {
        ModelAnswer answer =
                calls.ask(
                        calls.stream(
                                wire.reasoning("Hm"), wire.text("42"), wire.end(Reason.STOP, 1)));

        assertThat(calls.sink.pieces).containsExactly("(Hm)", "42");
        assertThat(answer.turn().text()).isEqualTo("42");
    }

    @Test
    void anAnswerThatRanOutOfTokensSaysSo() throws Exception {
        ModelAnswer answer = calls.ask(calls.stream(wire.text("a"), wire.end(Reason.LENGTH, 1)));

        assertThat(answer.completion().finishReason()).isEqualTo(Completion.FinishReason.LENGTH);
    }

    @Test
    void withoutUsageNoTokensAreGuessed() throws Exception {
        ModelAnswer answer = calls.ask(calls.stream(wire.text("a b"), wire.end(Reason.STOP, null)));

        assertThat(answer.completion().tokensUsed()).isNull();
    }

    @Test
    void toolsAreOfferedAndTheirCallsStreamedAndGivenWhole() throws Exception {
        FakeModelServer server =
                calls.server(
                        calls.stream(
                                wire.toolCall(0, "call_a", "weather", "{\"city\":\"x\"}"),
                                wire.toolCall(1, "call_b", "weather", "{\"city\":\"y\"}"),
                                wire.end(Reason.TOOLS, 12)));

        ModelAnswer answer =
                calls.provider(server, PATIENT).stream(
                        call("hi").withTools(List.of(WEATHER)), calls.sink);

        assertThat(answer.toolCalls())
                .extracting(ToolCall::name)
                .containsExactly("weather", "weather");
        assertThat(answer.toolCalls())
                .extracting(ToolCall::arguments)
                .containsExactly("{\"city\":\"x\"}", "{\"city\":\"y\"}");
        assertThat(answer.toolCalls()).extracting(ToolCall::id).doesNotHaveDuplicates();
        for (ToolCall call : answer.toolCalls()) {
            assertThat(streamed(call.id())).isEqualTo(call.arguments());
        }
        assertThat(answer.completion().finishReason()).isEqualTo(Completion.FinishReason.STOP);
        assertThat(wire.asked(server.requests.getFirst()).all())
                .contains("\"weather\"", "Tells the weather.", "\"city\"");
    }

    /// The arguments of a call as the sink got them.
    private String streamed(String id) {
        StringBuilder arguments = new StringBuilder();
        String begin = "<" + id + " weather ";
        for (String piece : calls.sink.pieces) {
            if (piece.startsWith(begin)) {
                arguments.append(piece, begin.length(), piece.length() - 1);
            }
        }
        return arguments.toString();
    }

    @Test
    void whatToolsBroughtGoesBackWithWhatTheServiceSigned() throws Exception {
        FakeModelServer server =
                calls.server(exchange -> {
                    if (exchange.isFirst()) {
                        calls.stream(
                                        wire.reasoning("Hm"),
                                        wire.toolCall(0, "call_a", "weather", "{\"city\":\"x\"}"),
                                        wire.end(Reason.TOOLS, 12))
                                .answer(exchange);
                    } else {
                        calls.stream(wire.text("wet"), wire.end(Reason.STOP, 1)).answer(exchange);
                    }
                });
        ModelProvider provider = calls.provider(server, PATIENT);
        ModelCall first = call("hi").withTools(List.of(WEATHER));

        ModelAnswer asked = provider.stream(first, calls.sink);
        ToolCall toolCall = asked.toolCalls().getFirst();
        ModelCall second =
                ModelCall.of(
                                "asked-model",
                                List.of(
                                        new ModelTurn.User("hi"),
                                        asked.turn(),
                                        new ModelTurn.ToolResult(
                                                toolCall.id(), toolCall.name(), "rain-42")))
                        .withTools(List.of(WEATHER));
        ModelAnswer answer = provider.stream(second, calls.sink);

        assertThat(answer.turn().text()).isEqualTo("wet");
        String sent = wire.asked(server.requests.get(1)).all();
        assertThat(sent).contains("rain-42", "weather");
        if (wire.toolCall(0, "c", "n", "{}").contains("signed-by-the-service")
                || wire.reasoning("x").contains("signed-by-the-service")) {
            assertThat(sent).contains("signed-by-the-service");
        }
    }
}
