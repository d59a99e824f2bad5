package dev.antiphon.providers.langgraph;

import static dev.antiphon.providers.langgraph.LangGraphCalls.LONG;
import static dev.antiphon.providers.langgraph.LangGraphCalls.PATIENT;
import static dev.antiphon.providers.langgraph.LangGraphCalls.with;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.antiphon.api.model.CallLimits;
import dev.antiphon.api.model.Leftover;
import dev.antiphon.api.model.ProviderFailure;
import dev.antiphon.providers.langgraph.LangGraphCalls.Streaming;
import dev.antiphon.testkit.FakeModelServer;
import dev.antiphon.testkit.FakeModelServer.Exchange;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Behaviour that LangGraph's own server cannot be made to show, with a fake server.
final class LangGraphMisbehaviourTest {

    private static final String RUN = "0190-run";
    private static final String RUNS =
            "[{\"run_id\":\""
                    + RUN
                    + "\",\"metadata\":{\"antiphon_message\":\"m1\",\"antiphon_answers\":0}}]";

    private final List<AutoCloseable> opened = new ArrayList<>();
    private final RecordingSink sink = new RecordingSink();

    /// The first search finds nothing; the test decides what the later ones find.
    private final AtomicInteger looks = new AtomicInteger();

    private List<FakeModelServer.Request> requests = List.of();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : opened.reversed()) {
            each.close();
        }
    }

    private LangGraphCalls calls(CallLimits limits, FakeModelServer.Script script)
            throws IOException {
        FakeModelServer server =
                new FakeModelServer(exchange -> {
                    if (isLook(exchange) && looks.getAndIncrement() == 0) {
                        exchange.answer(404, "", "{}");
                    } else {
                        script.answer(exchange);
                    }
                });
        opened.add(server);
        requests = server.requests;
        LangGraphCalls calls = new LangGraphCalls(server.baseUrl(), limits);
        opened.add(calls);
        return calls;
    }

    private void ask(LangGraphCalls calls) throws Exception {
        calls.stream(calls.call("m1", "hi", List.of()), sink);
    }

    private ProviderFailure failure(CallLimits limits, FakeModelServer.Script script)
            throws IOException {
        LangGraphCalls calls = calls(limits, script);
        return catchThrowableOfType(ProviderFailure.class, () -> ask(calls));
    }

    private static String event(int id, String name, String data) {
        return "event: " + name + "\ndata: " + data + "\nid: " + id + "\n\n";
    }

    private static String begins(int id, int attempt) {
        return event(id, "metadata", "{\"run_id\":\"" + RUN + "\",\"attempt\":" + attempt + "}");
    }

    private static String text(int id, String text) {
        return event(
                id,
                "messages",
                "[{\"type\":\"AIMessageChunk\",\"id\":\"a\",\"content\":\"" + text + "\"},{}]");
    }

    /// The provider searches for a run of the message before it starts one.
    private static boolean isLook(Exchange exchange) {
        return exchange.request().line().contains("/runs?limit=");
    }

    private static boolean isBegin(Exchange exchange) {
        return exchange.request().line().startsWith("POST")
                && exchange.request().line().contains("/runs/stream ");
    }

    private static boolean isJoin(Exchange exchange) {
        return exchange.request().line().startsWith("GET")
                && exchange.request().line().contains("/" + RUN + "/stream ");
    }

    private static void tell(Exchange exchange, String status) throws IOException {
        exchange.answer(200, "", "{\"status\":\"" + status + "\"}");
    }

    @Test
    void aStreamThatEndsDuringARunIsJoinedAfterItsLastEvent() throws Exception {
        List<String> after = new ArrayList<>();
        LangGraphCalls calls =
                calls(
                        PATIENT,
                        exchange -> {
                            if (isBegin(exchange)) {
                                exchange.open().send(begins(0, 1) + text(1, "Hel")).end();
                            } else if (isJoin(exchange)) {
                                after.add(exchange.request().headers().get("last-event-id"));
                                exchange.open().send(text(2, "lo")).end();
                            } else {
                                tell(exchange, after.isEmpty() ? "running" : "success");
                            }
                        });

        ask(calls);

        assertThat(sink.lines).containsExactly("kept", "text Hel", "text lo");
        assertThat(after).containsExactly("1");
        assertThat(requests)
                .allSatisfy(request ->
                        assertThat(request.headers())
                                .containsEntry("x-api-key", LangGraphCalls.KEY));
    }

    @Test
    void aRunThatTheServerBeginsAgainKeepsTheStepsThatHadEnded() throws Exception {
        LangGraphCalls calls =
                calls(
                        PATIENT,
                        exchange -> {
                            if (isBegin(exchange)) {
                                exchange.open()
                                        .send(begins(0, 1) + text(1, "One. "))
                                        .send(event(2, "updates", "{\"first\":{}}"))
                                        .send(text(3, "Tw"))
                                        .send(begins(4, 2) + text(5, "Two."))
                                        .end();
                            } else {
                                tell(exchange, "success");
                            }
                        });

        ask(calls);

        assertThat(sink.lines)
                .containsExactly(
                        "kept",
                        "text One. ",
                        "text Tw",
                        "reset",
                        "kept",
                        "text One. ",
                        "text Two.");
    }

    @Test
    void aStreamThatIsCutAndCannotBeJoinedIsOneErrorAndTheRunIsStopped() throws Exception {
        ProviderFailure failure =
                failure(
                        new CallLimits(LONG, LONG, Duration.ofMillis(500), LONG),
                        exchange -> {
                            if (isBegin(exchange)) {
                                exchange.open().send(begins(0, 1) + text(1, "Hel")).cut();
                            } else {
                                exchange.answer(500, "", "{}");
                            }
                        });

        assertThat(failure.getMessage())
                .isEqualTo("The provider 'langgraph' did not finish its answer.");
        assertThat(failure.retryAfter()).isEmpty();
        await().atMost(LONG)
                .until(() ->
                        requests.stream().anyMatch(request -> request.line().contains("/cancel?")));
    }

    @ParameterizedTest
    @CsvSource({
        "404, success, false", // as LangGraph Platform answers for a run that has ended
        "404, interrupted, false",
        "500, error, false",
        "404, running, true",
        "500, pending, true",
        "202, running, false"
    })
    void onlyALiveRunThatIsNotCancelledIsAWarning(int answer, String status, boolean warns)
            throws Exception {
        LangGraphCalls calls =
                calls(
                        PATIENT,
                        exchange -> {
                            if (exchange.request().line().startsWith("POST")) {
                                exchange.answer(answer, "", "{\"detail\":\"no\"}");
                            } else {
                                tell(exchange, status);
                            }
                        });
        try (Warnings warnings = new Warnings(LangGraphServer.class)) {
            calls.server.cancel(
                    LangGraphServer.thread(calls.session, LangGraphCalls.INCARNATION), RUN);

            assertThat(warnings.lines())
                    .isEqualTo(warns ? List.of("cancelling a remote run failed") : List.of());
        }
    }

    enum Point {
        BEFORE_THE_HEADERS,
        BEFORE_THE_FIRST_TOKEN,
        MID_STREAM,
        JOINED
    }

    @ParameterizedTest
    @EnumSource
    void aCancelClosesTheServersSocketAndStopsTheRun(Point point) throws Exception {
        CompletableFuture<Boolean> stalled = new CompletableFuture<>();
        CompletableFuture<Long> closed = new CompletableFuture<>();
        LangGraphCalls calls =
                calls(
                        PATIENT,
                        exchange -> {
                            if (isBegin(exchange) && point == Point.JOINED) {
                                exchange.open().send(begins(0, 1) + text(1, "Hel")).end();
                            } else if (isBegin(exchange) || isJoin(exchange)) {
                                switch (point) {
                                    case BEFORE_THE_HEADERS -> {}
                                    case BEFORE_THE_FIRST_TOKEN ->
                                            exchange.open().send(begins(0, 1));
                                    case MID_STREAM ->
                                            exchange.open().send(begins(0, 1) + text(1, "Hel"));
                                    case JOINED -> exchange.open().send(text(2, "lo"));
                                }
                                stalled.complete(true);
                                exchange.stall();
                                closed.complete(System.nanoTime());
                            } else if (exchange.request().line().contains("/runs?")) {
                                exchange.answer(200, "", RUNS);
                            } else {
                                tell(exchange, "running");
                            }
                        });
        Streaming streaming = calls.start(calls.call("m1", "hi", List.of()), sink);
        assertThat(stalled.get(LONG.toSeconds(), TimeUnit.SECONDS)).isTrue();

        sink.cancelled = true;
        long cancelled = System.nanoTime();
        streaming.thread().interrupt();

        assertThat(streaming.failure()).isInstanceOf(InterruptedException.class);
        // Here within milliseconds; a busy machine can need more.
        assertThat(Duration.ofNanos(closed.get(LONG.toSeconds(), TimeUnit.SECONDS) - cancelled))
                .isLessThan(Duration.ofSeconds(5));
        await().atMost(LONG)
                .until(() ->
                        requests.stream()
                                .anyMatch(request ->
                                        request.line().contains("/runs/" + RUN + "/cancel?")));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "yes, do      | \"yes, do\"",
                "{\"yes\":true} | {\"yes\":true}",
                "12           | 12",
                "12 monkeys   | \"12 monkeys\"",
                "null         | \"null\"",
                "''           | \"\""
            })
    void anAnswerThatIsNotJsonIsAText(String answer, String sent) throws Exception {
        LangGraphCalls calls =
                calls(
                        PATIENT,
                        exchange -> {
                            if (isBegin(exchange)) {
                                exchange.open().send(begins(0, 1) + text(1, "Hel")).end();
                            } else if (exchange.request().line().contains("/runs?")) {
                                exchange.answer(200, "", "[]");
                            } else {
                                tell(exchange, "success");
                            }
                        });

        calls.stream(calls.call("m1", "hi", List.of("before", answer)), sink);

        assertThat(requests)
                .filteredOn(request -> request.line().contains("/runs/stream "))
                .singleElement()
                .satisfies(request ->
                        assertThat(request.body().path("command").path("resume").toString())
                                .isEqualTo(sent));
    }

    @Test
    void aRunThatTheServerDoesNotNameInTimeIsFoundAndStopped() throws Exception {
        ProviderFailure failure =
                failure(
                        new CallLimits(LONG, Duration.ofMillis(500), LONG, LONG),
                        exchange -> {
                            if (isBegin(exchange)) {
                                exchange.stall();
                            } else {
                                exchange.answer(200, "", RUNS);
                            }
                        });

        assertThat(failure.getMessage())
                .isEqualTo("The provider 'langgraph' did not begin to answer within 500 ms.");
        await().atMost(LONG)
                .until(() ->
                        requests.stream()
                                .anyMatch(request ->
                                        request.line().contains("/runs/" + RUN + "/cancel?")));
    }

    @Test
    void anEndOfTheStreamIsNotTheEndOfARunThatFailed() throws Exception {
        ProviderFailure failure =
                failure(
                        PATIENT,
                        exchange -> {
                            if (isBegin(exchange)) {
                                exchange.open().send(begins(0, 1) + text(1, "Hel")).end();
                            } else {
                                tell(exchange, "timeout");
                            }
                        });

        assertThat(failure.getMessage())
                .isEqualTo("The provider 'langgraph' ended its answer with an error.");
    }

    @Test
    void shownTextRemainsWhenTheServerHasLostTheStreamOfAnEndedRun() throws Exception {
        RecordingSink before = new RecordingSink();
        before.kept(RUN + "/0");
        before.content("Hel");
        LangGraphCalls calls =
                calls(
                        PATIENT,
                        exchange -> {
                            if (isJoin(exchange)) {
                                exchange.open().end();
                            } else {
                                tell(exchange, "success");
                            }
                        });

        ProviderFailure failure =
                catchThrowableOfType(
                        ProviderFailure.class,
                        () ->
                                calls.stream(
                                        with(calls.call("m1", "hi", List.of()), "agent", before),
                                        sink));

        assertThat(failure.getMessage())
                .isEqualTo("The provider 'langgraph' did not finish its answer.");
        assertThat(sink.lines).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"error", "interrupted", "reported"})
    void aRunThatHasEndedAtTheServerIsNotCancelled(String how) throws Exception {
        String last = how.equals("reported") ? event(2, "error", "{\"error\":\"Error\"}") : "";
        ProviderFailure failure =
                failure(
                        PATIENT,
                        exchange -> {
                            if (isBegin(exchange)) {
                                exchange.open().send(begins(0, 1) + text(1, "Hel") + last).end();
                            } else {
                                tell(exchange, how);
                            }
                        });

        assertThat(failure).isNotNull();
        await().during(Duration.ofMillis(300))
                .atMost(Duration.ofSeconds(5))
                .until(() ->
                        requests.stream()
                                .noneMatch(request -> request.line().contains("/cancel?")));
    }

    @ParameterizedTest
    @CsvSource({"503, 204, false", "200, 204, true", "404, 404, true", "200, 500, false"})
    void aCleanUpIsDoneWhenTheServerConfirmsIt(int list, int delete, boolean done)
            throws Exception {
        looks.set(1);
        LangGraphCalls calls =
                calls(
                        PATIENT,
                        exchange -> {
                            if (exchange.request().line().startsWith("DELETE")) {
                                exchange.answer(delete, "", "");
                            } else {
                                exchange.answer(list, "", "[]");
                            }
                        });

        Leftover left = new Leftover(calls.session, LangGraphCalls.INCARNATION, null, "", true);

        assertThat(calls.server.cleanUp(left)).isEqualTo(done);
    }

    enum Lost {
        REFUSED_BY_A_PROXY,
        CUT_BEFORE_THE_HEAD,
        CUT_AFTER_THE_HEAD
    }

    @ParameterizedTest
    @EnumSource
    void aRunThatEndedBeforeItWasNamedIsNotStartedAgain(Lost how) throws Exception {
        LangGraphCalls calls =
                calls(
                        PATIENT,
                        exchange -> {
                            if (isBegin(exchange)) {
                                switch (how) {
                                    case REFUSED_BY_A_PROXY -> exchange.answer(502, "", "{}");
                                    case CUT_BEFORE_THE_HEAD -> exchange.cut();
                                    case CUT_AFTER_THE_HEAD -> exchange.open().cut();
                                }
                            } else if (isJoin(exchange)) {
                                exchange.open().send(begins(0, 1) + text(1, "Done.")).end();
                            } else if (isLook(exchange)) {
                                exchange.answer(200, "", RUNS);
                            } else {
                                tell(exchange, "success");
                            }
                        });
        ProviderFailure first = catchThrowableOfType(ProviderFailure.class, () -> ask(calls));
        if (first != null) { // as a retrying caller does
            assertThat(first.retryAfter()).isPresent();
            ask(calls);
        }

        assertThat(sink.lines).containsExactly("kept", "text Done.");
        assertThat(requests)
                .filteredOn(request -> request.line().contains("/runs/stream "))
                .hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {401, 500})
    void noRunIsStartedWhileItIsUnknownWhetherOneExists(int status) throws Exception {
        looks.set(1);
        ProviderFailure failure = failure(PATIENT, exchange -> exchange.answer(status, "", "{}"));

        assertThat(failure.retryAfter().isPresent()).isEqualTo(status == 500);
        assertThat(requests).allMatch(request -> request.line().startsWith("GET"));
    }

    @Test
    void aRunThatFailedTemporarilyIsNotStartedAgain() throws Exception {
        ProviderFailure failure =
                failure(
                        PATIENT,
                        exchange -> {
                            if (isBegin(exchange)) {
                                exchange.open()
                                        .send(begins(0, 1))
                                        .send(event(1, "error", "{\"error\":\"RateLimitError\"}"))
                                        .end();
                            } else {
                                tell(exchange, "error");
                            }
                        });

        assertThat(failure.retryAfter()).isEmpty();
    }

    @Test
    void anotherCallOfTheMessageIsAnotherRun() throws Exception {
        looks.set(1);
        String other =
                RUNS.replace(
                        "\"antiphon_answers\"",
                        "\"antiphon_call\":\"answer.1\",\"antiphon_answers\"");
        LangGraphCalls calls =
                calls(
                        PATIENT,
                        exchange -> {
                            if (isBegin(exchange)) {
                                exchange.open().send(begins(0, 1) + text(1, "First.")).end();
                            } else if (isLook(exchange)) {
                                exchange.answer(200, "", other);
                            } else {
                                tell(exchange, "success");
                            }
                        });

        ask(calls);

        assertThat(sink.lines).containsExactly("kept", "text First.");
    }

    @Test
    void aListOfTheNewestRunsFirstIsReadUpToAnEarlierMessage() throws Exception {
        looks.set(1);
        String earlier =
                IntStream.range(10, 20)
                        .mapToObj(day ->
                                "{\"run_id\":\"r"
                                        + day
                                        + "\",\"created_at\":\"2026-01-"
                                        + (39 - day)
                                        + "\",\"metadata\":{\"antiphon_message\":\"m0\"}}")
                        .collect(Collectors.joining(",", "[", "]"));
        LangGraphCalls calls =
                calls(
                        PATIENT,
                        exchange -> {
                            if (isBegin(exchange)) {
                                exchange.open().send(begins(0, 1) + text(1, "Hi.")).end();
                            } else if (isLook(exchange)) {
                                exchange.answer(200, "", earlier);
                            } else {
                                tell(exchange, "success");
                            }
                        });

        ask(calls);

        assertThat(requests).filteredOn(request -> request.line().contains("limit=")).hasSize(1);
    }

    @Test
    void aBusyServerIsRetriedAndARefusingOneIsNot() throws Exception {
        ProviderFailure busy = failure(PATIENT, exchange -> exchange.answer(503, "", "{}"));
        assertThat(busy.retryAfter()).isPresent();
        assertThat(requests).filteredOn(request -> request.line().startsWith("POST")).hasSize(1);

        looks.set(0);

        ProviderFailure invalid =
                failure(
                        PATIENT,
                        exchange -> {
                            if (isBegin(exchange)) {
                                exchange.answer(422, "", "{\"detail\":\"no\"}");
                            } else {
                                exchange.answer(200, "", "[]");
                            }
                        });
        assertThat(invalid.retryAfter()).isEmpty();
        assertThat(invalid.getMessage())
                .isEqualTo("The provider 'langgraph' did not accept the request (HTTP 422).");
    }
}
