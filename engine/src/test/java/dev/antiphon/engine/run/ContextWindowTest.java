package dev.antiphon.engine.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.antiphon.api.model.ModelTurn;
import dev.antiphon.api.model.ProviderFailure;
import dev.antiphon.backplane.Unavailable;
import dev.antiphon.backplane.history.History;
import dev.antiphon.backplane.history.Recent;
import dev.antiphon.backplane.history.Said;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.RequestContext;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkflowRequest;
import dev.antiphon.time.Time;

import org.junit.jupiter.api.Test;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;

/// What a model sees; `HistoryTest` tests which turns a branch has.
final class ContextWindowTest {

    /// Reports two earlier turns, and records how many characters were requested.
    private static final class FixedHistory implements History {

        final AtomicInteger failures = new AtomicInteger();
        final AtomicInteger settled = new AtomicInteger();
        int asked = -1;

        @Override
        public CompletionStage<Void> settle(SessionId session) {
            settled.incrementAndGet();
            return failures.getAndDecrement() > 0
                    ? CompletableFuture.failedStage(new Unavailable("Redis is unavailable", null))
                    : CompletableFuture.completedStage(null);
        }

        @Override
        public CompletionStage<List<SessionId>> unsettledSessions(int most) {
            throw new AssertionError("not this one's");
        }

        @Override
        public CompletionStage<List<Said>> before(
                SessionId session, MessageId message, int mostCharacters) {
            asked = mostCharacters;
            return CompletableFuture.completedStage(
                    List.of(new Said("second", ""), new Said("first", "1st")));
        }

        @Override
        public CompletionStage<Optional<Recent>> newest(SessionId session, UserId user) {
            throw new AssertionError("not called");
        }
    }

    private final FixedHistory history = new FixedHistory();

    private volatile List<ModelTurn> waited = List.of();

    private List<ModelTurn> turns(int tokens, String context) throws Exception {
        return new ContextWindow(history, tokens, 1, Time.system(), new Counters())
                .turns(request(context));
    }

    private static WorkflowRequest request(String context) {
        return new WorkflowRequest(
                new MessageId("m3"),
                new SessionId("s1"),
                new UserId("u1"),
                "third",
                RequestContext.of(Json.readObject(context.getBytes(StandardCharsets.UTF_8))),
                null,
                Instant.EPOCH,
                "c");
    }

    @Test
    void theTurnsAreOldestFirstAndAnEmptyAnswerIsLeftOut() throws Exception {
        assertThat(turns(100, "{}"))
                .containsExactly(
                        new ModelTurn.User("first"),
                        new ModelTurn.Assistant("1st"),
                        new ModelTurn.User("second"),
                        new ModelTurn.User("third"));
        assertThat(history.settled).hasValue(1);
    }

    @Test
    void theMessageAndTheSystemPromptCountFirst() throws Exception {
        turns(100, "{\"system_prompt\":\"be brief\"}");

        assertThat(history.asked).isEqualTo(4 * 100 - "third".length() - "be brief".length());
    }

    @Test
    void theMessageIsShownThoughNothingElseFits() throws Exception {
        assertThat(turns(0, "{}")).containsExactly(new ModelTurn.User("third"));
        assertThat(history.asked).isEqualTo(-1);
    }

    @Test
    void aHistoryThatThePublisherBringsIsShownInstead() throws Exception {
        String given = "{\"conversation_history\":[{\"role\":\"assistant\",\"content\":\"mine\"}]}";

        assertThat(turns(100, given))
                .containsExactly(new ModelTurn.Assistant("mine"), new ModelTurn.User("third"));
        assertThat(history.asked).isEqualTo(-1);
    }

    @Test
    void emptyTurnsThatThePublisherBringsAreLeftOut() throws Exception {
        String given =
                "{\"conversation_history\":[{\"role\":\"system\",\"content\":\"\"},{\"role\":\"user\",\"content\":\" \"}]}";

        assertThat(turns(100, given)).containsExactly(new ModelTurn.User("third"));
        assertThat(history.asked).isEqualTo(-1);
    }

    @Test
    void anUnavailableStoreIsAwaited() throws Exception {
        history.failures.set(2);

        assertThat(turns(100, "{}")).hasSize(4);
    }

    /// A waiting run occupies the slot of another.
    @Test
    void ofManyRunsOnlySomeWaitForAHistoryThatIsUnavailable() throws Exception {
        ContextWindow window = new ContextWindow(history, 100, 1, Time.system(), new Counters());
        history.failures.set(Integer.MAX_VALUE);
        Thread waits =
                Thread.ofVirtual()
                        .start(() -> {
                            try {
                                waited = window.turns(request("{}"));
                            } catch (ProviderFailure | InterruptedException e) {
                                throw new IllegalStateException(e);
                            }
                        });
        await().until(() -> history.settled.get() >= 3);

        assertThatThrownBy(() -> window.turns(request("{}"))).isInstanceOf(Unavailable.class);
        history.failures.set(0);

        waits.join();
        assertThat(waited).hasSize(4);
        assertThat(window.turns(request("{}"))).hasSize(4);
    }

    @Test
    void aHistoryThatCannotBeReadIsNotAnEmptyOne() {
        ContextWindow window =
                new ContextWindow(history, 100, 1, Time.system(), new Counters(), Duration.ZERO);
        history.failures.set(2);

        assertThatThrownBy(() ->
                        window.turns(
                                new WorkflowRequest(
                                        new MessageId("m"),
                                        new SessionId("s"),
                                        new UserId("u"),
                                        "hi",
                                        RequestContext.empty(),
                                        null,
                                        Instant.EPOCH,
                                        "c")))
                .isInstanceOf(Unavailable.class);
    }
}
