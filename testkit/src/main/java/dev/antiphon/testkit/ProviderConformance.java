package dev.antiphon.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.antiphon.api.model.CallLimits;
import dev.antiphon.api.model.Capabilities.Feature;
import dev.antiphon.api.model.ModelAnswer;
import dev.antiphon.api.model.ModelCall;
import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.model.ModelProviderFactory;
import dev.antiphon.api.model.ModelTurn;
import dev.antiphon.api.model.ProviderContext;
import dev.antiphon.api.model.ProviderFailure;
import dev.antiphon.api.model.ToolCall;
import dev.antiphon.api.model.ToolSpec;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.Settings;
import dev.antiphon.testkit.FakeModelServer.Exchange;
import dev.antiphon.testkit.FakeModelServer.Script;
import dev.antiphon.testkit.Wire.Asked;
import dev.antiphon.testkit.Wire.Reason;
import dev.antiphon.time.Time;
import dev.antiphon.transport.ProviderTransport;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// The behaviour that every provider must have: with a complete answer, with a service that misbehaves, and with a user
/// who cancels. The test class of a provider extends this class, names its factory and the {@link Wire} of its service,
/// and JUnit runs the tests, each against a {@link FakeModelServer} of its own.
///
/// Tests of features that the provider does not have ({@link dev.antiphon.api.model.Capabilities}) are skipped.
///
/// The tests expect the failures of the worker's transport, with their texts. A provider gets them when it uses
/// {@link ProviderContext#transport} and throws {@link dev.antiphon.api.model.ReportedError} for an error in a stream.
@SuppressWarnings("try") // if close is interrupted, the test has failed already
public abstract class ProviderConformance {

    private static final Duration LONG = Duration.ofSeconds(30);
    private static final Duration SHORT = Duration.ofMillis(300);
    private static final CallLimits PATIENT = new CallLimits(LONG, LONG, LONG, LONG);
    private static final CallLimits QUICK_FIRST = new CallLimits(LONG, SHORT, LONG, LONG);
    private static final CallLimits QUICK_IDLE = new CallLimits(LONG, LONG, SHORT, LONG);

    private static final ToolSpec WEATHER =
            new ToolSpec(
                    "weather",
                    "Tells the weather.",
                    Json.readObject(
                            "{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"}},\"required\":[\"city\"]}"
                                    .getBytes(UTF_8)));

    private final CollectingSink sink = new CollectingSink();
    private final List<AutoCloseable> opened = new ArrayList<>();

    /// How the streams of the service look.
    protected abstract Wire wire();

    /// Creates the factory of the provider.
    protected abstract ModelProviderFactory factory();

    /// Returns the provider's variables, with the address of the service.
    protected Map<String, String> environment(String address) {
        return wire().environment(address);
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : opened.reversed()) {
            each.close();
        }
    }

    private FakeModelServer server(Script script) throws IOException {
        FakeModelServer server = new FakeModelServer(script);
        opened.add(server);
        return server;
    }

    private ModelProvider provider(FakeModelServer server, CallLimits limits) {
        ProviderTransport transport = new ProviderTransport(limits, Time.system());
        opened.add(transport);
        return factory()
                .create(
                        new ProviderContext(
                                new Settings(environment(server.url())),
                                transport,
                                limits,
                                Time.system()))
                .orElseThrow(() -> new AssertionError("the factory made no provider"));
    }

    private ModelProvider provider(Script script) throws IOException {
        return provider(server(script), PATIENT);
    }

    private boolean has(Feature feature) throws IOException {
        return provider(Exchange::stall).capabilities().has(feature);
    }

    /// Opens a stream of the wire's kind and sends its beginning.
    private Exchange open(Exchange exchange) throws IOException {
        return exchange.open(wire().contentType()).send(wire().begin());
    }

    /// A script that sends the parts as one complete stream.
    private Script stream(String... parts) {
        return exchange -> {
            open(exchange);
            for (String part : parts) {
                exchange.send(part);
            }
            exchange.end();
        };
    }

    private static ModelCall call(String message) {
        return ModelCall.of("asked-model", List.of(new ModelTurn.User(message)));
    }

    private ModelAnswer ask(Script script) throws Exception {
        return provider(script).stream(call("hi"), sink);
    }

    private ProviderFailure failure(CallLimits limits, Script script) throws Exception {
        return failure(provider(server(script), limits));
    }

    /// The failure of a call; checks that its message can be shown to users.
    private ProviderFailure failure(ModelProvider provider) {
        ProviderFailure failure =
                catchThrowableOfType(
                        ProviderFailure.class, () -> provider.stream(call("hi"), sink));
        assertThat(failure).isNotNull();
        assertThat(failure.getMessage())
                .as(
                        "the message for users: it names the provider and quotes nothing of the service")
                .startsWith("The provider '" + provider.name() + "' ")
                .endsWith(".")
                .doesNotContain("\n", "leak");
        return failure;
    }

    @Test
    void piecesReachTheSinkAsTheyComeAndTheCompletionHasModelAndTokens() throws Exception {
        CountDownLatch seen = new CountDownLatch(1);
        CompletableFuture<Boolean> seenBeforeTheEnd = new CompletableFuture<>();
        CollectingSink watched =
                new CollectingSink() {
                    @Override
                    public void content(String text) throws InterruptedException {
                        super.content(text);
                        seen.countDown();
                    }
                };
        ModelProvider provider =
                provider(exchange -> {
                    open(exchange).send(wire().text("Hel"));
                    seenBeforeTheEnd.complete(reached(seen));
                    exchange.send(wire().text("lo")).send(wire().end(Reason.STOP, 12)).end();
                });

        ModelAnswer answer = provider.stream(call("hi"), watched);

        assertThat(seenBeforeTheEnd.join()).isTrue();
        assertThat(watched.pieces).containsExactly("Hel", "lo");
        assertThat(answer.turn()).isEqualTo(new ModelTurn.Assistant("Hello"));
        assertThat(answer.completion().tokensUsed()).isEqualTo(12);
        assertThat(answer.completion().finishReason()).isEqualTo(Completion.FinishReason.STOP);
    }

    @Test
    void everyTextArrivesHoweverItIsCutIntoPackets() throws Exception {
        String odd =
                "é 👩‍👩‍👧‍👦 مرحبا \u2028 \"quoted\" \\ </script>\r\n\n{\"error\":1} \"done\":true [DONE]";

        var _ =
                ask(exchange -> {
                    exchange.open(wire().contentType())
                            .sendBytes(wire().answer(odd, "error"))
                            .end();
                });

        assertThat(sink.pieces).containsExactly(odd, "error");
    }

    @Test
    void theRequestContainsTheCall() throws Exception {
        FakeModelServer server = server(stream(wire().text("a"), wire().end(Reason.STOP, 1)));
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

        var _ = provider(server, PATIENT).stream(call, sink);

        Asked asked = wire().asked(server.requests.getFirst());
        assertThat(asked.model()).isEqualTo("asked-model");
        assertThat(asked.temperature()).isEqualTo(0.25);
        assertThat(asked.maxTokens()).isEqualTo(77);
        assertThat(asked.system()).isEqualTo("Be brief.");
        assertThat(asked.all()).containsSubsequence("\"one\"", "\"two\"", "\"three\"");
    }

    @Test
    void reasoningIsStreamedNextToTheText() throws Exception {
        assumeTrue(has(Feature.REASONING), "the provider shows no reasoning");
        ModelAnswer answer =
                ask(stream(wire().reasoning("Hm"), wire().text("42"), wire().end(Reason.STOP, 1)));

        assertThat(sink.pieces).containsExactly("(Hm)", "42");
        assertThat(answer.turn().text()).isEqualTo("42");
    }

    @Test
    void anAnswerThatRanOutOfTokensHasTheFinishReasonLength() throws Exception {
        ModelAnswer answer = ask(stream(wire().text("a"), wire().end(Reason.LENGTH, 1)));

        assertThat(answer.completion().finishReason()).isEqualTo(Completion.FinishReason.LENGTH);
    }

    @Test
    void withoutUsageNoTokensAreGuessed() throws Exception {
        ModelAnswer answer = ask(stream(wire().text("a b"), wire().end(Reason.STOP, null)));

        assertThat(answer.completion().tokensUsed()).isNull();
    }

    @Test
    void toolsAreOfferedAndTheirCallsAreStreamedAndReturned() throws Exception {
        assumeTrue(has(Feature.TOOLS), "the provider has no tools");
        FakeModelServer server =
                server(
                        stream(
                                wire().toolCall(0, "call_a", "weather", "{\"city\":\"x\"}"),
                                wire().toolCall(1, "call_b", "weather", "{\"city\":\"y\"}"),
                                wire().end(Reason.TOOLS, 12)));

        ModelAnswer answer =
                provider(server, PATIENT).stream(call("hi").withTools(List.of(WEATHER)), sink);

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
        assertThat(wire().asked(server.requests.getFirst()).all())
                .contains("\"weather\"", "Tells the weather.", "\"city\"");
    }

    @Test
    void toolResultsAreSentWithTheNotesOfTheService() throws Exception {
        assumeTrue(has(Feature.TOOLS), "the provider has no tools");
        FakeModelServer server =
                server(exchange -> {
                    if (exchange.isFirst()) {
                        stream(
                                        wire().reasoning("Hm"),
                                        wire().toolCall(0, "call_a", "weather", "{\"city\":\"x\"}"),
                                        wire().end(Reason.TOOLS, 12))
                                .answer(exchange);
                    } else {
                        stream(wire().text("wet"), wire().end(Reason.STOP, 1)).answer(exchange);
                    }
                });
        ModelProvider provider = provider(server, PATIENT);
        ModelCall first = call("hi").withTools(List.of(WEATHER));

        ModelAnswer asked = provider.stream(first, sink);
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
        ModelAnswer answer = provider.stream(second, sink);

        assertThat(answer.turn().text()).isEqualTo("wet");
        String sent = wire().asked(server.requests.get(1)).all();
        assertThat(sent).contains("rain-42", "weather");
        if (wire().toolCall(0, "c", "n", "{}").contains("signed-by-the-service")
                || wire().reasoning("x").contains("signed-by-the-service")) {
            assertThat(sent).contains("signed-by-the-service");
        }
    }

    private static boolean reached(CountDownLatch latch) {
        try {
            return latch.await(LONG.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            return false;
        }
    }

    /// The arguments of a call as the sink received them.
    private String streamed(String id) {
        StringBuilder arguments = new StringBuilder();
        String begin = "<" + id + " weather ";
        for (String piece : sink.pieces) {
            if (piece.startsWith(begin)) {
                arguments.append(piece, begin.length(), piece.length() - 1);
            }
        }
        return arguments.toString();
    }

    /// The beginning of an answer.
    private Exchange begun(Exchange exchange) throws IOException {
        return open(exchange).send(wire().text("a"));
    }

    @Test
    void aStallBeforeTheHeadersReachesTheFirstTokenLimit() throws Exception {
        ProviderFailure failure = failure(QUICK_FIRST, Exchange::stall);

        assertThat(failure.code()).isEqualTo(ErrorCode.PROVIDER_TIMEOUT);
        assertThat(failure.getMessage()).endsWith("did not begin to answer within 300 ms.");
    }

    /// Some services think in silence and send comments meanwhile.
    @Test
    void signsOfLifeResetTheFirstTokenAndIdleLimits() throws Exception {
        // Each half takes a little longer than the limit, which is long enough for a busy machine.
        Duration limit = Duration.ofSeconds(1);
        CallLimits limits = new CallLimits(LONG, limit, limit, LONG);

        ModelAnswer answer =
                provider(
                        server(exchange ->
                                open(exchange)
                                        .repeat(wire().keepAlive(), 220)
                                        .send(wire().text("a"))
                                        .repeat(wire().keepAlive(), 220)
                                        .send(wire().text("b"))
                                        .send(wire().end(Wire.Reason.STOP, 1))
                                        .end()),
                        limits)
                        .stream(call("hi"), sink);

        assertThat(answer.turn().text()).isEqualTo("ab");
    }

    @Test
    void signsOfLifeWithoutAnAnswerReachTheTotalLimit() throws Exception {
        ProviderFailure failure =
                failure(
                        new CallLimits(LONG, LONG, LONG, SHORT),
                        exchange -> open(exchange).repeat(wire().keepAlive()));

        assertThat(failure.code()).isEqualTo(ErrorCode.PROVIDER_TIMEOUT);
        assertThat(failure.getMessage()).endsWith("did not finish its answer within 300 ms.");
    }

    @Test
    void aStallWithinTheAnswerReachesTheIdleLimit() throws Exception {
        ProviderFailure failure = failure(QUICK_IDLE, exchange -> begun(exchange).stall());

        assertThat(failure.code()).isEqualTo(ErrorCode.PROVIDER_TIMEOUT);
        assertThat(failure.getMessage())
                .endsWith("fell silent for 300 ms in the middle of its answer.");
        assertThat(failure.retryAfter()).isEmpty();
        assertThat(sink.pieces).containsExactly("a");
    }

    @Test
    void slowBytesWithoutACompleteEventAreSilence() throws Exception {
        ProviderFailure failure =
                failure(
                        QUICK_IDLE,
                        exchange -> begun(exchange).send(wire().hugeBeginning()).repeat("x"));

        assertThat(failure.getMessage()).contains("fell silent for 300 ms");
    }

    @Test
    void anEndlessAnswerReachesTheTotalLimit() throws Exception {
        ProviderFailure failure =
                failure(
                        new CallLimits(LONG, LONG, LONG, SHORT),
                        exchange -> open(exchange).repeat(wire().text("a")));

        assertThat(failure.getMessage()).endsWith("did not finish its answer within 300 ms.");
    }

    @Test
    void aCutWithinAnEventIsAFailure() throws Exception {
        String half = wire().text("b").substring(0, wire().text("b").length() - 3);

        assertIsCut(exchange -> begun(exchange).send(half).cut());
    }

    @Test
    void aCutBetweenEventsIsAFailure() throws Exception {
        assertIsCut(exchange -> begun(exchange).cut());
    }

    @Test
    void aCleanEndWithoutTheEndMarkIsAFailure() throws Exception {
        assertIsCut(exchange -> begun(exchange).end());
    }

    private void assertIsCut(Script script) throws Exception {
        ProviderFailure failure = failure(PATIENT, script);

        assertThat(failure.code()).isEqualTo(ErrorCode.PROVIDER_FAILED);
        assertThat(failure.getMessage()).endsWith("did not finish its answer.");
        assertThat(failure.retryAfter()).isEmpty();
        assertThat(sink.pieces).containsExactly("a");
    }

    @Test
    void aStreamWithoutAnAnswerIsAFailure() throws Exception {
        ProviderFailure failure = failure(PATIENT, exchange -> open(exchange).end());

        assertThat(failure.getMessage()).endsWith("ended its answer before it began.");
    }

    @Test
    void aRateLimitIsATemporaryFailureWithItsWait() throws Exception {
        ProviderFailure failure =
                failure(
                        PATIENT,
                        exchange ->
                                exchange.answer(
                                        429,
                                        "Retry-After: 17\r\n",
                                        "{\"error\":{\"type\":\"rate_limit_error\",\"message\":\"leak\"}}"));

        assertThat(failure.retryAfter()).contains(Duration.ofSeconds(17));
        assertThat(failure.getMessage())
                .endsWith("accepts no more requests for now (HTTP 429, rate_limit_error).");
    }

    @Test
    void aServerErrorIsATemporaryFailure() throws Exception {
        ProviderFailure failure =
                failure(PATIENT, exchange -> exchange.answer(500, "", "<html>leak</html>"));

        assertThat(failure.retryAfter()).contains(Duration.ZERO);
        assertThat(failure.getMessage()).endsWith("failed (HTTP 500).");
    }

    @Test
    void aRefusedKeyIsNotRetried() throws Exception {
        ProviderFailure failure =
                failure(PATIENT, exchange -> exchange.answer(401, "", "{\"error\":\"leak\"}"));

        assertThat(failure.retryAfter()).isEmpty();
        assertThat(failure.getMessage()).endsWith("does not accept the key (HTTP 401).");
    }

    @Test
    void aConnectionThatClosesWithoutAnAnswerIsATemporaryFailure() throws Exception {
        ProviderFailure failure = failure(PATIENT, Exchange::cut);

        assertThat(failure.retryAfter()).contains(Duration.ZERO);
    }

    @Test
    void malformedJsonEndsTheCall() throws Exception {
        CompletableFuture<Boolean> left = new CompletableFuture<>();

        ProviderFailure failure =
                failure(
                        PATIENT,
                        exchange -> {
                            begun(exchange).send(wire().malformed() + wire().text("b")).stall();
                            left.complete(true);
                        });

        assertThat(failure.getMessage()).endsWith("sent a malformed event.");
        assertThat(sink.pieces).containsExactly("a");
        assertThat(left.get(LONG.toSeconds(), TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void anEventLargerThanTheLimitEndsTheCall() throws Exception {
        String huge = wire().hugeBeginning() + "x".repeat(2 << 20);

        ProviderFailure failure = failure(PATIENT, exchange -> begun(exchange).send(huge).stall());

        assertThat(failure.getMessage()).contains("1024 KiB");
    }

    @Test
    void anErrorWithinTheStreamIsAFailure() throws Exception {
        ProviderFailure failure =
                failure(
                        PATIENT,
                        exchange ->
                                begun(exchange)
                                        .send(wire().error() + wire().end(Wire.Reason.STOP, 1))
                                        .end());

        assertThat(failure.code()).isEqualTo(ErrorCode.PROVIDER_FAILED);
        assertThat(failure.getMessage()).contains("ended its answer with an error");
        assertThat(sink.pieces).containsExactly("a");
    }

    enum Point {
        BEFORE_THE_HEADERS,
        BEFORE_THE_FIRST_TOKEN,
        MID_STREAM
    }

    @ParameterizedTest
    @EnumSource
    void aCancelClosesTheServersSocketAtOnce(Point point) throws Exception {
        BlockingQueue<Long> stalled = new LinkedBlockingQueue<>();
        BlockingQueue<Long> closed = new LinkedBlockingQueue<>();
        ModelProvider provider =
                provider(exchange -> {
                    switch (point) {
                        case BEFORE_THE_HEADERS -> {}
                        case BEFORE_THE_FIRST_TOKEN -> open(exchange);
                        case MID_STREAM -> begun(exchange);
                    }
                    stalled.add(System.nanoTime());
                    exchange.stall();
                    closed.add(System.nanoTime());
                });

        List<Duration> took = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            took.add(cancel(provider, stalled, closed));
        }

        // The fastest of several tries, because another process can occupy the processor
        // during one.
        assertThat(took).anyMatch(each -> each.compareTo(Duration.ofMillis(200)) < 0);
    }

    private Duration cancel(
            ModelProvider provider, BlockingQueue<Long> stalled, BlockingQueue<Long> closed)
            throws Exception {
        CompletableFuture<Throwable> ended = new CompletableFuture<>();
        Thread run =
                Thread.startVirtualThread(() -> {
                    try {
                        ended.complete(new AssertionError(provider.stream(call("hi"), sink)));
                    } catch (ProviderFailure | InterruptedException e) {
                        ended.complete(e);
                    }
                });
        assertThat(stalled.poll(LONG.toSeconds(), TimeUnit.SECONDS)).isNotNull();
        await().pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(5))
                .until(() -> run.getState() == Thread.State.TIMED_WAITING);

        long interrupted = System.nanoTime();
        run.interrupt();
        Long seen = closed.poll(LONG.toSeconds(), TimeUnit.SECONDS);

        assertThat(seen).isNotNull();
        assertThat(ended.get(LONG.toSeconds(), TimeUnit.SECONDS))
                .isInstanceOf(InterruptedException.class);
        return Duration.ofNanos(seen - interrupted);
    }
}
