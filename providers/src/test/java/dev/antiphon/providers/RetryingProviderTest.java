package dev.antiphon.providers;

import static dev.antiphon.providers.OpenAiCalls.call;
import static dev.antiphon.providers.OpenAiCalls.stream;
import static dev.antiphon.testkit.OpenAiStream.answer;
import static dev.antiphon.testkit.OpenAiStream.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.antiphon.api.model.ModelAnswer;
import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.model.ProviderFailure;
import dev.antiphon.testkit.CollectingSink;
import dev.antiphon.testkit.FakeModelServer.Exchange;
import dev.antiphon.testkit.FakeModelServer.Script;
import dev.antiphon.time.Time;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/// Which calls are retried, how often and after which wait.
final class RetryingProviderTest {

    private static final Script BUSY = exchange -> exchange.answer(503, "", "{}");

    private static final Duration SOON = Duration.ofMillis(1);

    private final OpenAiCalls calls = new OpenAiCalls();

    @AfterEach
    void close() throws Exception {
        calls.close();
    }

    private ModelProvider retrying(int retries, Duration delay, Script... scripts)
            throws Exception {
        AtomicInteger asked = new AtomicInteger();
        return new RetryingProvider(
                calls.provider(exchange ->
                        scripts[Math.min(asked.getAndIncrement(), scripts.length - 1)].answer(
                                exchange)),
                retries,
                delay,
                Time.system());
    }

    @Test
    void aTemporaryFailureIsReportedAndRetried() throws Exception {
        ModelProvider provider = retrying(4, SOON, BUSY, Exchange::cut, BUSY, stream(answer("a")));

        ModelAnswer answer = provider.stream(call("hi"), calls.sink);

        assertThat(answer.completion().tokensUsed()).isEqualTo(12);
        assertThat(calls.sink.pieces)
                .containsExactly(
                        "[The provider 'openai' failed (HTTP 503).]",
                        "[The provider 'openai' could not be reached.]",
                        "[The provider 'openai' failed (HTTP 503).]",
                        "a");
    }

    @Test
    void theBudgetIsKept() throws Exception {
        ProviderFailure failure = calls.failure(retrying(2, SOON, BUSY));

        assertThat(failure.getMessage()).endsWith("failed (HTTP 503).");
        assertThat(calls.sink.pieces).hasSize(2);
    }

    @Test
    void aCallWithVisibleTextIsNotRetried() throws Exception {
        Script cut = exchange -> exchange.open().send(text("a")).cut();

        ProviderFailure failure = calls.failure(retrying(4, SOON, cut, stream(answer("b"))));

        assertThat(failure.getMessage()).endsWith("did not finish its answer.");
        assertThat(calls.sink.pieces).containsExactly("a");
    }

    @Test
    void aRefusalThatWaitingDoesNotHelpIsNotRepeated() throws Exception {
        Script refused = exchange -> exchange.answer(401, "", "{}");

        ProviderFailure failure = calls.failure(retrying(4, SOON, refused, stream(answer("b"))));

        assertThat(failure.getMessage()).contains("HTTP 401");
        assertThat(calls.sink.pieces).isEmpty();
    }

    @Test
    void aServiceThatAsksForTooLongAWaitFailsTheCall() throws Exception {
        Script busy = exchange -> exchange.answer(429, "Retry-After: 31\r\n", "{}");

        ProviderFailure failure = calls.failure(retrying(4, SOON, busy, stream(answer("b"))));

        assertThat(failure.getMessage()).contains("HTTP 429");
        assertThat(calls.sink.pieces).isEmpty();
    }

    @Test
    void theWaitIsTheServicesPlusADoublingDelay() throws Exception {
        List<Duration> waits = new CopyOnWriteArrayList<>();
        Thread test = Thread.currentThread();
        CollectingSink impatient =
                new CollectingSink() {
                    @Override
                    public void retrying(String why, Duration wait) {
                        waits.add(wait);
                        if (waits.size() == 2) {
                            test.interrupt();
                        }
                    }
                };
        Script asking = exchange -> exchange.answer(429, "Retry-After: 30\r\n", "{}");
        Duration delay = Duration.ofMillis(100);

        assertThatThrownBy(() -> retrying(4, delay, BUSY, asking).stream(call("hi"), impatient))
                .isInstanceOf(InterruptedException.class);

        assertThat(waits.get(0)).isBetween(Duration.ofMillis(75), Duration.ofMillis(125));
        assertThat(waits.get(1).minusSeconds(30))
                .isBetween(Duration.ofMillis(150), Duration.ofMillis(250));
    }
}
