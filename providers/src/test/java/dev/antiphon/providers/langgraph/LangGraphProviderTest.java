package dev.antiphon.providers.langgraph;

import static dev.antiphon.providers.langgraph.LangGraphCalls.LONG;
import static dev.antiphon.providers.langgraph.LangGraphCalls.with;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import static java.util.Objects.requireNonNull;

import dev.antiphon.api.model.CallLimits;
import dev.antiphon.api.model.Leftover;
import dev.antiphon.api.model.ModelAnswer;
import dev.antiphon.api.model.ModelCall;
import dev.antiphon.api.model.ModelCall.Asker;
import dev.antiphon.api.model.ProviderFailure;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.Completion.FinishReason;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.providers.langgraph.LangGraphCalls.Streaming;
import dev.antiphon.testkit.LangGraphJsServer;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// The provider with LangGraph's own server.
final class LangGraphProviderTest {

    private static LangGraphJsServer server;
    private LangGraphCalls calls;

    @BeforeAll
    static void startServer() throws Exception {
        server = LangGraphJsServer.start();
    }

    @AfterAll
    static void stopServer() {
        server.close();
    }

    @BeforeEach
    void open() {
        calls = new LangGraphCalls(server.url());
    }

    @AfterEach
    void close() {
        calls.close();
    }

    private ModelCall ask(String message, String text) {
        return calls.call(message, text, List.of());
    }

    private static String words(int count) {
        return IntStream.rangeClosed(1, count)
                .mapToObj(word -> "w" + word + " ")
                .collect(Collectors.joining());
    }

    @Test
    void tokensArriveOneByOneInOrderWithTheReasoning() throws Exception {
        RecordingSink sink = new RecordingSink();

        ModelAnswer answer = calls.stream(ask("m1", "5 words, 1 ms"), sink);

        assertThat(sink.lines)
                .containsExactly(
                        "kept",
                        "reasoning Let me ",
                        "reasoning count.",
                        "text w1 ",
                        "text w2 ",
                        "text w3 ",
                        "text w4 ",
                        "text w5 ");
        assertThat(answer.turn().text()).isEqualTo(words(5));
        assertThat(answer.question()).isNull();
        assertThat(answer.completion()).isEqualTo(new Completion("agent", 7, FinishReason.STOP));
    }

    @Test
    void theThreadRemembersSoOnlyTheNewMessageIsSent() throws Exception {
        calls.stream(ask("m1", "2 words, 1 ms"), new RecordingSink());
        calls.stream(ask("m2", "3 words, 1 ms"), new RecordingSink());

        assertThat(server.messages(calls.thread()))
                .containsExactly("2 words, 1 ms", words(2), "3 words, 1 ms", words(3));
    }

    @Test
    void anotherOwnerOfASessionsNameDoesNotGetItsThread() throws Exception {
        calls.stream(ask("m1", "2 words, 1 ms"), new RecordingSink());
        Asker other = new Asker(calls.session, "5678", new MessageId("m1"), "answer.0", List.of());
        RecordingSink sink = new RecordingSink();

        calls.stream(ask("m1", "3 words, 1 ms").askedBy(other), sink);

        assertThat(sink.text()).isEqualTo(words(3));
        assertThat(server.messages(calls.thread())).containsExactly("2 words, 1 ms", words(2));
    }

    @Test
    void toolsOfTheGraphAreShown() throws Exception {
        RecordingSink sink = new RecordingSink();

        ModelAnswer answer = calls.stream(with(ask("m1", "hi"), "weather", null), sink);

        assertThat(sink.lines)
                .startsWith(
                        "kept",
                        "text Let me look. ",
                        "call call_1 weather ",
                        "call call_1 weather {\"city\":",
                        "call call_1 weather \"Rome\"}",
                        "result call_1 weather sunny in Rome.",
                        "text It is ",
                        "text sunny in Rome.");
        assertThat(answer.toolCalls()).isEmpty();
        assertThat(answer.completion().model()).isEqualTo("weather");
    }

    @Test
    void tokensOfASubgraphArriveOnce() throws Exception {
        RecordingSink sink = new RecordingSink();

        calls.stream(with(ask("m1", "5 words, 1 ms"), "nested", null), sink);

        assertThat(sink.text()).isEqualTo(words(5));
    }

    @Test
    void aRunThatIsLostAnywhereIsJoinedThereAndRunsOnce() throws Exception {
        RecordingSink whole = new RecordingSink();
        calls.stream(with(ask("m0", "hi"), "weather", null), whole);
        for (int at : List.of(1, 2, 3, 5, 6, 7, 12)) {
            try (LangGraphCalls each = new LangGraphCalls(server.url())) {
                ModelCall call = with(each.call("m1", "hi", List.of()), "weather", null);
                RecordingSink first = new RecordingSink(at);
                assertThat(
                                catchThrowableOfType(
                                        InterruptedException.class, () -> each.stream(call, first)))
                        .isNotNull();
                RecordingSink second = new RecordingSink();

                each.stream(with(call, "weather", first), second);

                List<String> joined = new ArrayList<>(first.lines);
                joined.addAll(second.lines);
                assertThat(joined).as("lost after " + at).isEqualTo(whole.lines);
                assertThat(server.runs(each.thread())).hasSize(1);
            }
        }
    }

    @Test
    void aRunWhoseIdWasNeverWrittenDownIsFoundAndJoined() throws Exception {
        ModelCall call = ask("m1", "20 words, 50 ms");
        assertThat(
                        catchThrowableOfType(
                                InterruptedException.class,
                                () -> calls.stream(call, new RecordingSink(0))))
                .isNotNull();
        RecordingSink sink = new RecordingSink();

        calls.stream(call, sink);

        assertThat(sink.text()).isEqualTo(words(20));
        assertThat(server.statuses(calls.thread())).containsExactly("success");
    }

    @Test
    void aRunThatIsInTheWayIsStopped() throws Exception {
        assertThat(
                        catchThrowableOfType(
                                InterruptedException.class,
                                () ->
                                        calls.stream(
                                                ask("m1", "400 words, 50 ms"),
                                                new RecordingSink(4))))
                .isNotNull();
        RecordingSink sink = new RecordingSink();

        calls.stream(ask("m2", "3 words, 1 ms"), sink);

        assertThat(sink.text()).isEqualTo(words(3));
        assertThat(server.statuses(calls.thread())).containsExactly("interrupted", "success");
    }

    @Test
    void aCancelledMessageStopsItsRunAndReturnsAtOnce() throws Exception {
        RecordingSink sink = new RecordingSink();
        Streaming streaming = calls.start(ask("m1", "400 words, 50 ms"), sink);
        await().atMost(LONG).until(() -> sink.text().contains("w3"));

        sink.cancelled = true;
        long start = System.nanoTime();
        streaming.thread().interrupt();

        assertThat(streaming.failure()).isInstanceOf(InterruptedException.class);
        // Here within milliseconds; a busy machine can need more.
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
        await().atMost(LONG)
                .until(() -> server.statuses(calls.thread()).equals(List.of("interrupted")));
    }

    @Test
    void anotherWorkerEndsTheRunOfADeadOneAndRemovesADeletedThread() throws Exception {
        assertThat(
                        catchThrowableOfType(
                                InterruptedException.class,
                                () ->
                                        calls.stream(
                                                ask("m1", "400 words, 50 ms"),
                                                new RecordingSink(4))))
                .isNotNull();
        MessageId message = new MessageId("m1");
        String incarnation = LangGraphCalls.INCARNATION;
        Leftover others = new Leftover(calls.session, incarnation, new MessageId("m2"), "", false);
        Leftover run = new Leftover(calls.session, incarnation, message, "", false);
        Leftover session = new Leftover(calls.session, incarnation, message, "", true);

        assertThat(calls.server.cleanUp(others)).isTrue();
        assertThat(server.statuses(calls.thread())).containsExactly("running");
        await().atMost(LONG).until(() -> calls.server.cleanUp(run));
        assertThat(server.statuses(calls.thread())).containsExactly("interrupted");
        await().atMost(LONG).until(() -> calls.server.cleanUp(session));
        assertThat(calls.server.cleanUp(session)).as("again").isTrue();
        assertThat(server.hasThread(calls.thread())).isFalse();
    }

    @Test
    void aLostRunContinues() throws Exception {
        RecordingSink sink = new RecordingSink();
        Streaming streaming = calls.start(ask("m1", "30 words, 20 ms"), sink);
        await().atMost(LONG).until(() -> sink.text().contains("w3"));

        streaming.thread().interrupt();

        assertThat(streaming.failure()).isInstanceOf(InterruptedException.class);
        await().atMost(LONG)
                .until(() -> server.statuses(calls.thread()).equals(List.of("success")));
    }

    @Test
    void aGraphsInterruptIsAQuestionAndTheAnswerResumesIt() throws Exception {
        RecordingSink asked = new RecordingSink();
        ModelCall call = with(ask("m1", "3 words, 1 ms"), "asking", null);

        ModelAnswer question = calls.stream(call, asked);

        assertThat(asked.text()).isEqualTo("One moment. ");
        assertThat(question.question())
                .matches("\\[\\{\"id\":\"[0-9a-f]+\",\"value\":\\{\"question\":\"Really\\?\"}}]");

        ModelCall answered = calls.call("m1", "3 words, 1 ms", List.of("{\"yes\":true}"));
        RecordingSink lost = new RecordingSink(4);
        assertThat(
                        catchThrowableOfType(
                                InterruptedException.class,
                                () -> calls.stream(with(answered, "asking", asked), lost)))
                .isNotNull();
        RecordingSink resumed = new RecordingSink();
        ModelAnswer answer = calls.stream(with(answered, "asking", lost), resumed);

        assertThat(answer.question()).isNull();
        assertThat(lost.text() + resumed.text()).isEqualTo("Answered {\"yes\":true}. " + words(3));
        assertThat(server.runs(calls.thread())).hasSize(2);
    }

    /// Otherwise it would answer the next question too.
    @Test
    void anAnswerIsSentOnceAlsoWhenItsRunIsOverBeforeItIsKnown() throws Exception {
        calls.stream(with(ask("m1", "hi"), "twice", null), new RecordingSink());
        ModelCall answered = with(calls.call("m1", "hi", List.of("red")), "twice", null);
        assertThat(
                        catchThrowableOfType(
                                InterruptedException.class,
                                () -> calls.stream(answered, new RecordingSink(0))))
                .isNotNull();
        await().atMost(LONG)
                .until(() -> server.statuses(calls.thread()).equals(List.of("success", "success")));
        RecordingSink sink = new RecordingSink();

        ModelAnswer second = calls.stream(answered, sink);

        assertThat(sink.text()).isEqualTo("First? \"red\". ");
        assertThat(second.question()).contains("Second?");
        assertThat(server.runs(calls.thread())).hasSize(2);
    }

    @Test
    void parallelNodesAskTogether() throws Exception {
        ModelAnswer asked =
                calls.stream(with(ask("m1", "hi"), "beside", null), new RecordingSink());
        JsonNode questions = new JsonMapper().readTree(requireNonNull(asked.question()));
        assertThat(questions)
                .extracting(each -> each.path("value").path("question").asString())
                .containsExactlyInAnyOrder("First?", "Second?");
        ObjectNode answers = new JsonMapper().createObjectNode();
        questions.forEach(each ->
                answers.set(each.path("id").asString(), each.path("value").path("question")));
        RecordingSink sink = new RecordingSink();

        calls.stream(
                with(calls.call("m1", "hi", List.of(answers.toString())), "beside", null), sink);

        assertThat(sink.text()).contains("First? \"First?\". ").contains("Second? \"Second?\". ");
    }

    @Test
    void aGraphThatStopsBeforeANodeContinuesWithAnyAnswer() throws Exception {
        ModelAnswer asked =
                calls.stream(with(ask("m1", "2 words, 1 ms"), "paused", null), new RecordingSink());
        assertThat(asked.question()).isEqualTo("[]");
        RecordingSink sink = new RecordingSink();

        ModelAnswer answer =
                calls.stream(with(calls.call("m1", "hi", List.of("go")), "paused", null), sink);

        assertThat(sink.text()).isEqualTo(words(2));
        assertThat(answer.question()).isNull();
    }

    @Test
    void anUnansweredQuestionDoesNotBlockTheNextMessage() throws Exception {
        calls.stream(with(ask("m1", "hi"), "twice", null), new RecordingSink());
        RecordingSink next = new RecordingSink();

        calls.stream(ask("m2", "2 words, 1 ms"), next);

        assertThat(next.text()).isEqualTo(words(2));
    }

    @Test
    void anEndedRunNeedsNoCancel() throws Exception {
        calls.stream(ask("m1", "1 words, 1 ms"), new RecordingSink());
        UUID thread = LangGraphServer.thread(calls.session, LangGraphCalls.INCARNATION);
        String ended = server.runs(calls.thread()).getFirst().get("run_id").asString();
        try (Warnings warnings = new Warnings(LangGraphServer.class)) {
            calls.server.cancel(thread, ended);
            calls.server.cancel(thread, UUID.randomUUID().toString());

            assertThat(warnings.lines()).isEmpty();
        }
        assertThat(server.statuses(calls.thread())).containsExactly("success");
    }

    @Test
    void aFailingGraphIsOneErrorWithoutDetails() {
        ProviderFailure failure =
                catchThrowableOfType(
                        ProviderFailure.class,
                        () ->
                                calls.stream(
                                        with(ask("m1", "hi"), "broken", null),
                                        new RecordingSink()));

        assertThat(failure.code()).isEqualTo(ErrorCode.PROVIDER_FAILED);
        assertThat(failure.retryAfter()).isEmpty();
        assertThat(failure.getMessage())
                .isEqualTo("The provider 'langgraph' ended its answer with an error (error).");
    }

    @Test
    void anUnknownGraphIsNamed() {
        ProviderFailure failure =
                catchThrowableOfType(
                        ProviderFailure.class,
                        () ->
                                calls.stream(
                                        with(ask("m1", "hi"), "nobody", null),
                                        new RecordingSink()));

        assertThat(failure.getMessage())
                .isEqualTo(
                        "The provider 'langgraph' does not know the model 'nobody' (HTTP 404, model_not_found).");
    }

    @Test
    void anAnswerThatADyingServerLosesStartsAgain() throws Exception {
        try (LangGraphJsServer mortal = LangGraphJsServer.start();
                LangGraphCalls each = new LangGraphCalls(mortal.url())) {
            RecordingSink sink = new RecordingSink();
            Streaming streaming = each.start(each.call("m1", "60 words, 20 ms", List.of()), sink);
            await().atMost(LONG).until(() -> sink.text().contains("w3"));

            mortal.restartEmpty();

            ModelAnswer answer = streaming.answer().get(LONG.toSeconds(), TimeUnit.SECONDS);
            assertThat(answer.turn().text()).isEqualTo(words(60));
            assertThat(sink.text()).isEqualTo(words(60));
            assertThat(sink.resets).isEqualTo(1);
        }
    }

    @Test
    void aServerThatStaysUnavailableIsOneErrorThatIsNotRetried() throws Exception {
        CallLimits limits = new CallLimits(LONG, LONG, Duration.ofSeconds(2), LONG);
        try (LangGraphJsServer mortal = LangGraphJsServer.start();
                LangGraphCalls each = new LangGraphCalls(mortal.url(), limits)) {
            RecordingSink sink = new RecordingSink();
            Streaming streaming = each.start(each.call("m1", "400 words, 50 ms", List.of()), sink);
            await().atMost(LONG).until(() -> sink.text().contains("w3"));

            mortal.kill();

            assertThat(streaming.failure())
                    .isInstanceOfSatisfying(
                            ProviderFailure.class,
                            failure -> assertThat(failure.retryAfter()).isEmpty())
                    .hasMessage("The provider 'langgraph' did not finish its answer.");
        }
    }

    /// The development server treats a run that it had saved as running, permanently.
    @Test
    void aRunThatNeverEndsDoesNotBlockItsSession() throws Exception {
        CallLimits limits = new CallLimits(LONG, LONG, Duration.ofSeconds(5), LONG);
        try (LangGraphJsServer mortal = LangGraphJsServer.start();
                LangGraphCalls each = new LangGraphCalls(mortal.url(), limits)) {
            RecordingSink stuck = new RecordingSink();
            Streaming streaming = each.start(each.call("m1", "400 words, 50 ms", List.of()), stuck);
            await().atMost(LONG).until(() -> mortal.hasSavedAsRunning("m1"));

            mortal.restart();

            assertThat(streaming.failure())
                    .isInstanceOf(ProviderFailure.class)
                    .hasMessageStartingWith("The provider 'langgraph' fell silent for 5 s");
            RecordingSink next = new RecordingSink();
            each.stream(each.call("m2", "3 words, 1 ms", List.of()), next);
            assertThat(next.text()).isEqualTo(words(3));
        }
    }
}
