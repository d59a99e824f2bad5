package dev.antiphon.providers;

import static dev.antiphon.providers.WireCalls.KEY;
import static dev.antiphon.providers.WireCalls.PATIENT;
import static dev.antiphon.providers.WireCalls.call;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.antiphon.api.model.CallLimits;
import dev.antiphon.api.model.Leftover;
import dev.antiphon.api.model.ModelAnswer;
import dev.antiphon.api.model.ModelCall;
import dev.antiphon.api.model.ModelCall.Kept;
import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.model.ProviderFailure;
import dev.antiphon.api.model.ToolSpec;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.testkit.CollectingSink;
import dev.antiphon.testkit.FakeModelServer;
import dev.antiphon.testkit.FakeModelServer.Exchange;
import dev.antiphon.testkit.FakeModelServer.Request;
import dev.antiphon.testkit.FakeModelServer.Script;
import dev.antiphon.testkit.FakeResponses;
import dev.antiphon.testkit.ResponsesWire;
import dev.antiphon.testkit.Wire;
import dev.antiphon.testkit.Wire.Reason;
import dev.antiphon.transport.StreamingTransport;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/// OpenAI's background mode: a response is created once, and any later connection reads its rest.
final class ResponsesProviderTest {

    private static final ResponsesWire WIRE = new ResponsesWire();

    /// created, in_progress, three pieces of text, completed.
    private static final List<String> EVENTS =
            ResponsesWire.numbered(
                    WIRE.begin(),
                    WIRE.text("one "),
                    WIRE.text("two "),
                    WIRE.text("three"),
                    WIRE.end(Reason.STOP, 12));

    private final WireCalls calls = new WireCalls(WIRE);

    @AfterEach
    void close() throws Exception {
        calls.close();
    }

    private ModelProvider provider(Script script) throws Exception {
        return provider(script, PATIENT);
    }

    private ModelProvider provider(Script script, CallLimits limits) throws Exception {
        FakeModelServer server = calls.server(script);
        StreamingTransport transport = calls.transport(limits);
        return new ResponsesProvider(
                new ServiceSettings(KEY, server.url() + "/v1", List.of(), false),
                true,
                limits,
                transport);
    }

    private static ModelCall kept(String text, Kept kept) {
        ModelCall call = call("hi");
        return new ModelCall(call.model(), null, call.turns(), List.of(), null, null, text, kept);
    }

    @Test
    void theHandleOfAKeptAnswerIsReportedBeforeItsFirstPiece() throws Exception {
        FakeResponses service = new FakeResponses(EVENTS, EVENTS.size(), Exchange::end);
        FakeModelServer server = calls.server(service);
        ModelProvider provider =
                new ResponsesProvider(
                        new ServiceSettings(KEY, server.url() + "/v1/", List.of("m"), true),
                        true,
                        PATIENT,
                        calls.transport(PATIENT));

        ModelAnswer answer = provider.stream(call("hi"), calls.sink);

        assertThat(calls.sink.pieces).containsExactly("@resp_1:0", "one ", "two ", "three");
        assertThat(answer.completion().tokensUsed()).isEqualTo(12);
        assertThat(answer.completion().model()).isEqualTo(Wire.MODEL);
        Request request = server.requests.getFirst();
        assertThat(request.line()).isEqualTo("POST /v1/responses HTTP/1.1");
        assertThat(request.headers()).containsEntry("authorization", "Bearer " + KEY);
        assertThat(request.body().toString())
                .contains(
                        "\"stream\":true,\"background\":true,\"store\":true",
                        "\"reasoning\":{\"summary\":\"auto\"}");
    }

    @Test
    void aCutStreamIsResumedAfterItsLastEvent() throws Exception {
        FakeResponses service = new FakeResponses(EVENTS, 3, Exchange::cut);

        ModelAnswer answer = provider(service).stream(call("hi"), calls.sink);

        assertThat(calls.sink.pieces).containsExactly("@resp_1:0", "one ", "two ", "three");
        assertThat(answer.turn().text()).isEqualTo("one two three");
        assertThat(service.created).hasValue(1);
        assertThat(service.continued).hasValue(1);
    }

    @Test
    void aStreamThatIsCutRepeatedlyIsGivenUpAndCancelledAtTheService() throws Exception {
        FakeResponses service = new FakeResponses(EVENTS.subList(0, 4), 3, Exchange::cut);

        ProviderFailure failure = calls.failure(provider(service));

        assertThat(failure.getMessage()).endsWith("did not finish its answer.");
        assertThat(failure.retryAfter()).isEmpty();
        assertThat(calls.sink.pieces).containsExactly("@resp_1:0", "one ", "two ");
        assertThat(service.created).hasValue(1);
        assertThat(service.continued).hasValue(3);
        await().until(() -> service.cancelled.get() == 1);
    }

    @Test
    void theNextAttemptGetsTheRestAndNothingTwice() throws Exception {
        FakeResponses service = new FakeResponses(EVENTS, 0, Exchange::cut);

        ModelAnswer answer =
                provider(service).stream(kept("one tw", new Kept("resp_1:0", "")), calls.sink);

        assertThat(calls.sink.pieces).containsExactly("o ", "three");
        assertThat(answer.turn().text()).isEqualTo("one two three");
        assertThat(service.created).hasValue(0);
    }

    @Test
    void streamedReasoningAndToolCallsAreNotStreamedAgain() throws Exception {
        List<String> events =
                ResponsesWire.numbered(
                        WIRE.begin(),
                        WIRE.reasoning("because"),
                        WIRE.toolCall(0, "call_a", "weather", "{\"city\":1}"),
                        WIRE.toolCall(1, "call_b", "weather", "{}"),
                        WIRE.end(Reason.TOOLS, 12));
        Kept kept = new Kept("resp_1:0", "be", Map.of("call_a", "{\"ci"), Set.of());
        ToolSpec weather = new ToolSpec("weather", "", Json.object());

        ModelAnswer answer =
                provider(new FakeResponses(events, 0, Exchange::cut)).stream(
                        kept("", kept).withTools(List.of(weather)), calls.sink);

        assertThat(calls.sink.pieces)
                .containsExactly(
                        "(cause)",
                        "<call_a weather t>",
                        "<call_a weather y\":1}>",
                        "<call_b weather >",
                        "<call_b weather {>",
                        "<call_b weather }>");
        assertThat(answer.toolCalls()).hasSize(2);
    }

    @Test
    void anAnswerThatTheServiceLostIsWithdrawnAndStartsAgain() throws Exception {
        FakeResponses service = new FakeResponses(EVENTS, EVENTS.size(), Exchange::end);
        service.forgotten = true;

        var _ = provider(service).stream(kept("one tw", new Kept("resp_1:0", "")), calls.sink);

        assertThat(calls.sink.pieces)
                .containsExactly("!reset", "@resp_1:0", "one ", "two ", "three");
        assertThat(service.created).hasValue(1);
    }

    @Test
    void aDifferentAnswerReplacesTheStreamedOne() throws Exception {
        FakeResponses service = new FakeResponses(EVENTS, 0, Exchange::cut);

        var _ = provider(service).stream(kept("one 2 th", new Kept("resp_1:0", "")), calls.sink);

        assertThat(calls.sink.pieces)
                .containsExactly("!reset", "@resp_1:0", "one ", "two ", "three");
    }

    @Test
    void aForeignHandleIsNotRequested() throws Exception {
        FakeResponses service = new FakeResponses(EVENTS, EVENTS.size(), Exchange::end);

        var _ = provider(service).stream(kept("x", new Kept("../files?a=:1", "")), calls.sink);

        assertThat(calls.sink.pieces).startsWith("!reset", "@resp_1:0");
        assertThat(service.continued).hasValue(0);
    }

    @Test
    void aCancelledAnswerIsCancelledAtTheServiceToo() throws Exception {
        FakeResponses service = interruptedInTheMiddle(true);

        await().until(() -> service.cancelled.get() == 1);
    }

    @ParameterizedTest
    @CsvSource({"200, true", "400, true", "404, true", "401, false", "500, false"})
    void anotherWorkerCancelsTheAnswerOfADeadOne(int status, boolean done) throws Exception {
        FakeModelServer server = calls.server(exchange -> exchange.answer(status, "", "{}"));
        ModelProvider provider =
                new ResponsesProvider(
                        new ServiceSettings(KEY, server.url() + "/v1", List.of(), false),
                        true,
                        PATIENT,
                        calls.transport(PATIENT));
        SessionId session = new SessionId("s1");

        assertThat(provider.cleanUp(new Leftover(session, "1", null, "resp_1:0", false)))
                .isEqualTo(done);
        assertThat(provider.cleanUp(new Leftover(session, "1", null, "none/../of ours", false)))
                .isTrue();

        assertThat(server.requests)
                .extracting(Request::line)
                .containsExactly("POST /v1/responses/resp_1/cancel HTTP/1.1");
    }

    @Test
    void aStoppingProcessLetsTheServiceContinue() throws Exception {
        FakeResponses service = interruptedInTheMiddle(false);

        var _ = provider(service).stream(kept("one ", new Kept("resp_1:0", "")), calls.sink);

        assertThat(service.cancelled).hasValue(0);
        assertThat(service.created).hasValue(1);
        assertThat(calls.sink.text()).endsWith("two three");
    }

    private FakeResponses interruptedInTheMiddle(boolean cancelled) throws Exception {
        FakeResponses service = new FakeResponses(EVENTS, 3, Exchange::stall);
        ModelProvider provider = provider(service);
        CollectingSink sink = new CollectingSink();
        sink.cancelled = cancelled;
        CompletableFuture<Throwable> ended = new CompletableFuture<>();
        Thread run =
                Thread.startVirtualThread(() -> {
                    try {
                        ended.complete(new AssertionError(provider.stream(call("hi"), sink)));
                    } catch (ProviderFailure | InterruptedException e) {
                        ended.complete(e);
                    }
                });
        await().pollInterval(Duration.ofMillis(5)).until(() -> sink.text().endsWith("one "));
        run.interrupt();
        assertThat(ended.get()).isInstanceOf(InterruptedException.class);
        return service;
    }
}
