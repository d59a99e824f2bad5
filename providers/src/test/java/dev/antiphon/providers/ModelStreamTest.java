package dev.antiphon.providers;

import static dev.antiphon.providers.OpenAiCalls.LONG;
import static dev.antiphon.providers.OpenAiCalls.PATIENT;
import static dev.antiphon.providers.OpenAiCalls.call;
import static dev.antiphon.providers.OpenAiCalls.reached;
import static dev.antiphon.providers.OpenAiCalls.stall;
import static dev.antiphon.providers.OpenAiCalls.stream;
import static dev.antiphon.testkit.OpenAiStream.DONE;
import static dev.antiphon.testkit.OpenAiStream.answer;
import static dev.antiphon.testkit.OpenAiStream.reasoning;
import static dev.antiphon.testkit.OpenAiStream.role;
import static dev.antiphon.testkit.OpenAiStream.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.antiphon.api.model.CallLimits;
import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.model.ProviderFailure;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.testkit.CollectingSink;
import dev.antiphon.testkit.FakeModelServer;
import dev.antiphon.testkit.FakeModelServer.Exchange;
import dev.antiphon.testkit.FakeModelServer.Script;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// The limits of a model call, its cancellation and its connections: the common behaviour of all providers, tested with
/// the provider `openai`.
final class ModelStreamTest {

    private static final Duration SHORT = Duration.ofMillis(200);

    private final OpenAiCalls calls = new OpenAiCalls();

    @AfterEach
    void close() throws Exception {
        calls.close();
    }

    @Test
    void aServerThatSendsNoHeadersReachesTheFirstTokenLimit() throws Exception {
        ProviderFailure failure =
                calls.failure(new CallLimits(LONG, SHORT, LONG, LONG), Exchange::stall);

        assertThat(failure.code()).isEqualTo(ErrorCode.PROVIDER_TIMEOUT);
        assertThat(failure.getMessage()).endsWith("did not begin to answer within 200 ms.");
        assertThat(failure.retryAfter()).isEmpty();
    }

    @Test
    void reasoningIsAFirstToken() throws Exception {
        ProviderFailure failure =
                calls.failure(
                        new CallLimits(LONG, LONG, SHORT, LONG),
                        exchange -> exchange.open().send(reasoning("hm")).stall());

        assertThat(failure.getMessage()).contains("fell silent for 200 ms");
    }

    @Test
    void silenceWithinAnAnswerReachesTheIdleLimit() throws Exception {
        ProviderFailure failure =
                calls.failure(
                        new CallLimits(LONG, LONG, SHORT, LONG),
                        exchange -> exchange.open().send(text("a")).stall());

        assertThat(failure.code()).isEqualTo(ErrorCode.PROVIDER_TIMEOUT);
        assertThat(failure.getMessage())
                .endsWith("fell silent for 200 ms in the middle of its answer.");
        assertThat(calls.sink.pieces).containsExactly("a");
    }

    @Test
    void anAnswerCanTakeLongerThanTheIdleLimit() throws Exception {
        Duration idle = Duration.ofSeconds(1); // long enough for a busy machine
        ModelProvider provider =
                calls.provider(
                        calls.server(exchange ->
                                        exchange.open().repeat(text("a"), 220).send(DONE).end())
                                .baseUrl(),
                        new CallLimits(LONG, LONG, idle, LONG));

        var _ = provider.stream(call("hi"), calls.sink);

        assertThat(calls.sink.pieces).hasSize(220);
    }

    @Test
    void slowBytesWithoutACompleteEventAreSilence() throws Exception {
        ProviderFailure failure =
                calls.failure(
                        new CallLimits(LONG, LONG, SHORT, LONG),
                        exchange -> exchange.open().send(text("a") + "data: ").repeat("x"));

        assertThat(failure.getMessage()).contains("fell silent for 200 ms");
    }

    @Test
    void anEndlessAnswerReachesTheTotalLimit() throws Exception {
        ProviderFailure failure =
                calls.failure(
                        new CallLimits(LONG, LONG, LONG, SHORT),
                        exchange -> exchange.open().repeat(text("a")));

        assertThat(failure.code()).isEqualTo(ErrorCode.PROVIDER_TIMEOUT);
        assertThat(failure.getMessage()).endsWith("did not finish its answer within 200 ms.");
    }

    @Test
    void aMissingServerIsUnreachable() throws Exception {
        FakeModelServer gone = calls.server(Exchange::stall);
        gone.close();

        ProviderFailure failure = calls.failure(calls.provider(gone.baseUrl(), PATIENT));

        assertThat(failure.code()).isEqualTo(ErrorCode.PROVIDER_FAILED);
        assertThat(failure.getMessage()).endsWith("could not be reached.");
        assertThat(failure.retryAfter()).contains(Duration.ZERO);
    }

    @Test
    void aConnectionThatClosesWithoutAnAnswerIsATemporaryFailure() throws Exception {
        ProviderFailure failure = calls.failure(Exchange::cut);

        assertThat(failure.code()).isEqualTo(ErrorCode.PROVIDER_FAILED);
        assertThat(failure.retryAfter()).contains(Duration.ZERO);
    }

    @Test
    void aServerThatAcceptsNoConnectionReachesTheConnectLimit() throws Exception {
        CallLimits limits = new CallLimits(SHORT, LONG, LONG, LONG);

        ProviderFailure failure = calls.failure(calls.provider(fullServer(), limits));

        assertThat(failure.code()).isEqualTo(ErrorCode.PROVIDER_TIMEOUT);
        assertThat(failure.getMessage()).endsWith("could not be reached within 200 ms.");
        assertThat(failure.retryAfter()).contains(Duration.ZERO);
    }

    /// The address of a server whose queue of connections is full, so that the system answers no more.
    private String fullServer() throws IOException {
        ServerSocket server =
                calls.closing(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
        InetSocketAddress address = (InetSocketAddress) server.getLocalSocketAddress();
        try {
            while (true) {
                calls.closing(new Socket()).connect(address, 100);
            }
        } catch (IOException full) {
            return "http://127.0.0.1:" + address.getPort() + "/v1";
        }
    }

    static Stream<Arguments> pointsOfCancelling() {
        return Stream.of(
                Arguments.of("before the headers", script(exchange -> {})),
                Arguments.of("before the first token", script(e -> e.open().send(role()))),
                Arguments.of("mid-stream", script(e -> e.open().send(role() + text("a")))));
    }

    private static Script script(Script script) {
        return script;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("pointsOfCancelling")
    void anInterruptClosesTheServersSocketAtOnce(String when, Script before) throws Exception {
        BlockingQueue<Long> stalled = new LinkedBlockingQueue<>();
        BlockingQueue<Long> closed = new LinkedBlockingQueue<>();
        ModelProvider provider =
                calls.provider(exchange -> {
                    before.answer(exchange);
                    stalled.add(System.nanoTime());
                    exchange.stall();
                    closed.add(System.nanoTime());
                });

        List<Duration> took = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            took.add(cancel(provider, stalled, closed));
        }

        // The fastest of five, because another process can occupy the processor during one.
        assertThat(took).anyMatch(each -> each.compareTo(Duration.ofMillis(200)) < 0);
    }

    private Duration cancel(
            ModelProvider provider, BlockingQueue<Long> stalled, BlockingQueue<Long> closed)
            throws Exception {
        CompletableFuture<Throwable> ended = new CompletableFuture<>();
        Thread run = start(provider, ended);
        assertThat(stalled.poll(LONG.toSeconds(), TimeUnit.SECONDS)).isNotNull();
        awaitWaiting(run);

        long interrupted = System.nanoTime();
        run.interrupt();
        Long seen = closed.poll(LONG.toSeconds(), TimeUnit.SECONDS);

        assertThat(seen).isNotNull();
        assertThat(ended.get()).isInstanceOf(InterruptedException.class);
        return Duration.ofNanos(seen - interrupted);
    }

    /// Calls the model as a run does.
    private Thread start(ModelProvider provider, CompletableFuture<Throwable> ended) {
        return Thread.startVirtualThread(() -> {
            try {
                ended.complete(new AssertionError(provider.stream(call("hi"), calls.sink)));
            } catch (ProviderFailure | InterruptedException e) {
                ended.complete(e);
            }
        });
    }

    private static void awaitWaiting(Thread run) {
        await().pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(5))
                .until(() -> run.getState() == Thread.State.TIMED_WAITING);
    }

    @Test
    void anInterruptEndsACallThatIsStillConnecting() throws Exception {
        CompletableFuture<Throwable> ended = new CompletableFuture<>();
        Thread run = start(calls.provider(fullServer(), PATIENT), ended);
        awaitWaiting(run);

        run.interrupt();

        assertThat(ended.get(5, TimeUnit.SECONDS)).isInstanceOf(InterruptedException.class);
    }

    @Test
    void anInterruptOfTheSinkClosesTheSocketAndIsPassedOn() throws Exception {
        CountDownLatch left = new CountDownLatch(1);
        ModelProvider provider = calls.provider(stall(text("a") + text("b"), left));
        CollectingSink lost =
                new CollectingSink() {
                    @Override
                    public void content(String text) throws InterruptedException {
                        super.content(text);
                        throw new InterruptedException("the run was lost");
                    }
                };

        assertThatThrownBy(() -> provider.stream(call("hi"), lost))
                .isInstanceOf(InterruptedException.class)
                .hasMessage("the run was lost");

        assertThat(lost.pieces).containsExactly("a");
        assertThat(reached(left)).isTrue();
    }

    @Test
    void exceptionsOfTheSinkArePassedOn() throws Exception {
        ModelProvider provider = calls.provider(stream(answer("a")));
        CollectingSink broken =
                new CollectingSink() {
                    @Override
                    public void content(String text) {
                        throw new IllegalStateException("the log is unavailable");
                    }
                };

        assertThatThrownBy(() -> provider.stream(call("hi"), broken))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the log is unavailable");
    }

    @Test
    void threeHundredAnswersStreamAtOnce() throws Exception {
        int most = 300;
        CountDownLatch asked = new CountDownLatch(most);
        ModelProvider provider =
                calls.provider(exchange -> {
                    exchange.open().send(role());
                    asked.countDown();
                    if (reached(asked)) {
                        exchange.send(answer(message(exchange), "!")).end();
                    }
                });

        List<CompletableFuture<String>> answers =
                IntStream.range(0, most)
                        .mapToObj(i -> {
                            CompletableFuture<String> answer = new CompletableFuture<>();
                            Thread.startVirtualThread(
                                    () -> answer.complete(answerTo(provider, "m" + i)));
                            return answer;
                        })
                        .toList();

        for (int i = 0; i < most; i++) {
            assertThat(answers.get(i).get(LONG.toSeconds(), TimeUnit.SECONDS))
                    .isEqualTo("m" + i + "!");
        }
    }

    private static String message(Exchange exchange) {
        return exchange.request().body().get("messages").get(0).get("content").asString();
    }

    private static String answerTo(ModelProvider provider, String message) {
        CollectingSink sink = new CollectingSink();
        try {
            var _ = provider.stream(call(message), sink);
            return sink.text();
        } catch (ProviderFailure | InterruptedException e) {
            return e.toString();
        }
    }

    @Test
    void aConnectionIsReusedAfterAWholeAnswer() throws Exception {
        FakeModelServer server = calls.server(stream(answer("a")));
        ModelProvider provider = calls.provider(server.baseUrl(), PATIENT);

        await().until(() -> {
            var _ = provider.stream(call("hi"), calls.sink);
            return server.connections.get() < server.requests.size();
        });
    }
}
