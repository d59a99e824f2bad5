package dev.antiphon.worker.provider;

import static dev.antiphon.worker.provider.WireCalls.LONG;
import static dev.antiphon.worker.provider.WireCalls.PATIENT;
import static dev.antiphon.worker.provider.WireCalls.call;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.worker.provider.FakeModelServer.Exchange;
import dev.antiphon.worker.provider.FakeModelServer.Script;
import dev.antiphon.worker.provider.http.CallLimits;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// What every provider must make of a service that misbehaves, and of a user who has enough. The misbehaviour is one script
/// for all wire formats.
@ParameterizedClass
@MethodSource("dev.antiphon.worker.provider.Wire#all")
final class ProviderMisbehaviourTest {

    private static final Duration SHORT = Duration.ofMillis(300);
    private static final CallLimits QUICK_FIRST = new CallLimits(LONG, SHORT, LONG, LONG);
    private static final CallLimits QUICK_IDLE = new CallLimits(LONG, LONG, SHORT, LONG);

    private final Wire wire;
    private final WireCalls calls;

    ProviderMisbehaviourTest(Wire wire) {
        this.wire = wire;
        this.calls = new WireCalls(wire);
    }

    @AfterEach
    void close() throws Exception {
        calls.close();
    }

    /// A begun answer.
    private Exchange begun(Exchange exchange) throws IOException {
        return calls.open(exchange).send(wire.text("a"));
    }

    @Test
    void aStallBeforeTheHeadersRunsIntoTheFirstTokenLimit() throws Exception {
        ProviderFailure failure = calls.failure(QUICK_FIRST, Exchange::stall);

        assertThat(failure.code()).isEqualTo(ErrorCode.PROVIDER_TIMEOUT);
        assertThat(failure.getMessage()).endsWith("did not begin to answer within 300 ms.");
    }

    /// Services that think in silence say that they live.
    @Test
    void signsOfLifeResetTheLimitsOfTheFirstTokenAndOfSilence() throws Exception {
        CallLimits limits = new CallLimits(LONG, SHORT, SHORT, LONG);

        ModelAnswer answer =
                calls
                        .provider(
                                calls.server(exchange ->
                                        calls.open(exchange)
                                                .repeat(wire.keepAlive(), 80)
                                                .send(wire.text("a"))
                                                .repeat(wire.keepAlive(), 80)
                                                .send(wire.text("b"))
                                                .send(wire.end(Wire.Reason.STOP, 1))
                                                .end()),
                                limits)
                        .stream(call("hi"), calls.sink);

        assertThat(answer.turn().text()).isEqualTo("ab");
    }

    @Test
    void signsOfLifeWithoutAnAnswerRunIntoTheTotalLimit() throws Exception {
        ProviderFailure failure =
                calls.failure(
                        new CallLimits(LONG, LONG, LONG, SHORT),
                        exchange -> calls.open(exchange).repeat(wire.keepAlive()));

        assertThat(failure.code()).isEqualTo(ErrorCode.PROVIDER_TIMEOUT);
        assertThat(failure.getMessage()).endsWith("did not finish its answer within 300 ms.");
    }

    @Test
    void aStallWithinTheAnswerRunsIntoTheIdleLimit() throws Exception {
        ProviderFailure failure = calls.failure(QUICK_IDLE, exchange -> begun(exchange).stall());

        assertThat(failure.code()).isEqualTo(ErrorCode.PROVIDER_TIMEOUT);
        assertThat(failure.getMessage())
                .endsWith("fell silent for 300 ms in the middle of its answer.");
        assertThat(failure.retryAfter()).isEmpty();
        assertThat(calls.sink.pieces).containsExactly("a");
    }

    @Test
    void slowBytesThatMakeNoEventAreSilence() throws Exception {
        ProviderFailure failure =
                calls.failure(
                        QUICK_IDLE,
                        exchange -> begun(exchange).send(wire.hugeBeginning()).repeat("x"));

        assertThat(failure.getMessage()).contains("fell silent for 300 ms");
    }

    @Test
    void anAnswerThatGoesOnAndOnRunsIntoTheTotalLimit() throws Exception {
        ProviderFailure failure =
                calls.failure(
                        new CallLimits(LONG, LONG, LONG, SHORT),
                        exchange -> calls.open(exchange).repeat(wire.text("a")));

        assertThat(failure.getMessage()).endsWith("did not finish its answer within 300 ms.");
    }

    @Test
    void aCutWithinAnEventIsNoEnd() throws Exception {
        String half = wire.text("b").substring(0, wire.text("b").length() - 3);

        assertIsCut(exchange -> begun(exchange).send(half).cut());
    }

    @Test
    void aCutBetweenEventsIsNoEnd() throws Exception {
        assertIsCut(exchange -> begun(exchange).cut());
    }

    @Test
    void aCleanEndWithoutTheEndMarkIsNoEnd() throws Exception {
        assertIsCut(exchange -> begun(exchange).end());
    }

    private void assertIsCut(Script script) throws Exception {
        ProviderFailure failure = calls.failure(PATIENT, script);

        assertThat(failure.code()).isEqualTo(ErrorCode.PROVIDER_FAILED);
        assertThat(failure.getMessage()).endsWith("did not finish its answer.");
        assertThat(failure.retryAfter()).isEmpty();
        assertThat(calls.sink.pieces).containsExactly("a");
    }

    @Test
    void aStreamWithoutAnAnswerIsNone() throws Exception {
        ProviderFailure failure = calls.failure(PATIENT, exchange -> calls.open(exchange).end());

        assertThat(failure.getMessage()).endsWith("ended its answer before it began.");
    }

    @Test
    void aRateLimitIsToldWithItsWait() throws Exception {
        ProviderFailure failure =
                calls.failure(
                        PATIENT,
                        exchange ->
                                exchange.answer(
                                        429,
                                        "Retry-After: 17\r\n",
                                        "{\"error\":{\"type\":\"rate_limit_error\",\"message\":\"leak\"}}"));

        assertThat(failure.retryAfter()).contains(Duration.ofSeconds(17));
        assertThat(failure.getMessage())
                .endsWith("takes no more requests for now (HTTP 429, rate_limit_error).");
    }

    @Test
    void aServerErrorMayPass() throws Exception {
        ProviderFailure failure =
                calls.failure(PATIENT, exchange -> exchange.answer(500, "", "<html>leak</html>"));

        assertThat(failure.retryAfter()).contains(Duration.ZERO);
        assertThat(failure.getMessage()).endsWith("failed (HTTP 500).");
    }

    @Test
    void aRefusedKeyDoesNotPass() throws Exception {
        ProviderFailure failure =
                calls.failure(
                        PATIENT, exchange -> exchange.answer(401, "", "{\"error\":\"leak\"}"));

        assertThat(failure.retryAfter()).isEmpty();
        assertThat(failure.getMessage()).endsWith("does not accept the key (HTTP 401).");
    }

    @Test
    void aConnectionThatClosesWithoutAnAnswerMayPass() throws Exception {
        ProviderFailure failure = calls.failure(PATIENT, Exchange::cut);

        assertThat(failure.retryAfter()).contains(Duration.ZERO);
    }

    @Test
    void malformedJsonEndsTheCall() throws Exception {
        CompletableFuture<Boolean> left = new CompletableFuture<>();

        ProviderFailure failure =
                calls.failure(
                        PATIENT,
                        exchange -> {
                            begun(exchange).send(wire.malformed() + wire.text("b")).stall();
                            left.complete(true);
                        });

        assertThat(failure.getMessage()).endsWith("sent something that is not its protocol.");
        assertThat(calls.sink.pieces).containsExactly("a");
        assertThat(left.get(LONG.toSeconds(), TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void aHugeEventIsGivenUpWhenItGrowsOverItsBound() throws Exception {
        String huge = wire.hugeBeginning() + "x".repeat(2 << 20);

        ProviderFailure failure =
                calls.failure(PATIENT, exchange -> begun(exchange).send(huge).stall());

        assertThat(failure.getMessage()).contains("1024 KiB");
    }

    @Test
    void anErrorWithinTheStreamIsAFailure() throws Exception {
        ProviderFailure failure =
                calls.failure(
                        PATIENT,
                        exchange ->
                                begun(exchange)
                                        .send(wire.error() + wire.end(Wire.Reason.STOP, 1))
                                        .end());

        assertThat(failure.code()).isEqualTo(ErrorCode.PROVIDER_FAILED);
        assertThat(failure.getMessage()).contains("broke its answer off with an error");
        assertThat(calls.sink.pieces).containsExactly("a");
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
                calls.provider(exchange -> {
                    switch (point) {
                        case BEFORE_THE_HEADERS -> {}
                        case BEFORE_THE_FIRST_TOKEN -> calls.open(exchange);
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

        // The quickest of some: another process may hold the processor at any one time.
        assertThat(took).anyMatch(each -> each.compareTo(Duration.ofMillis(200)) < 0);
    }

    private Duration cancel(
            ModelProvider provider, BlockingQueue<Long> stalled, BlockingQueue<Long> closed)
            throws Exception {
        CompletableFuture<Throwable> ended = new CompletableFuture<>();
        Thread run =
                Thread.startVirtualThread(() -> {
                    try {
                        ended.complete(new AssertionError(provider.stream(call("hi"), calls.sink)));
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
