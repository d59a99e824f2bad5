package dev.antiphon.worker;

import static dev.antiphon.worker.PlainPeers.JSON;
import static dev.antiphon.worker.PlainPeers.USER;
import static dev.antiphon.worker.PlainPeers.demoAnswer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.antiphon.backplane.Backplane;
import dev.antiphon.backplane.BackplaneSettings;
import dev.antiphon.backplane.history.Recent;
import dev.antiphon.backplane.log.Slice;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.providers.ModelProviders;
import dev.antiphon.worker.PlainPeers.PlainPod;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import tools.jackson.databind.JsonNode;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/// What a worker stores in the history, on real servers.
final class HistoryTest {

    private static final Duration SOON = Duration.ofSeconds(20);
    private static final SessionId SESSION = new SessionId("test");

    private PlainPeers peers;
    private Backplane backplane;
    private Worker worker;

    @BeforeEach
    void start() throws Exception {
        peers = new PlainPeers();
        Map<String, String> environment = new HashMap<>(peers.environment());
        environment.put("CHAT_DEMO_DELAY", "20ms");
        backplane =
                Backplane.open(
                        BackplaneSettings.from(
                                ModelProviders.environment(environment), Duration.ofSeconds(5)),
                        "test");
        worker = Worker.open(WorkerConfig.from(ModelProviders.environment(environment)));
    }

    @AfterEach
    void stop() throws Exception {
        worker.close();
        backplane.close();
        peers.close();
    }

    private static <T> T get(CompletionStage<T> stage) throws Exception {
        return stage.toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    private Recent awaitTurns(int count) {
        return await().atMost(SOON)
                .until(
                        () -> get(backplane.history().newest(SESSION, USER)),
                        recent -> recent.isPresent() && recent.get().turns().size() == count)
                .orElseThrow();
    }

    private static List<JsonNode> turns(Recent recent) {
        return recent.turns().stream().map(JSON::readTree).toList();
    }

    @Test
    void everyMessageIsKeptOnceInOrderAndTheCursorContinuesBehindThem() throws Exception {
        PlainPod pod = peers.pod("pod-1", "test");
        peers.ask("test", "m1", "first");
        peers.ask("test", "m2", "second");
        await().atMost(SOON).until(() -> pod.complete("m2"));

        Recent recent = awaitTurns(2);

        List<JsonNode> turns = turns(recent);
        assertThat(turns)
                .extracting(turn -> turn.get("message_id").asString())
                .containsExactly("m1", "m2");
        assertThat(turns)
                .extracting(turn -> turn.get("text").asString())
                .containsExactly("first", "second");
        assertThat(turns)
                .extracting(turn -> turn.get("answer").asString())
                .containsExactly(demoAnswer("first"), demoAnswer("second"));
        assertThat(turns.getFirst().get("finish_reason").asString()).isEqualTo("stop");
        assertThat(turns.getFirst().get("model").asString()).isEqualTo("demo-gpt");
        assertThat(get(backplane.log().read(SESSION, recent.cursor(), 10)))
                .isEqualTo(new Slice.Entries(List.of(), recent.cursor()));
    }

    @Test
    void theSeenPartOfACancelledAnswerIsKept() throws Exception {
        PlainPod pod = peers.pod("pod-1", "test");
        peers.ask("test", "m1", "a long one");
        await().atMost(SOON).until(() -> pod.chunks("m1").size() >= 3);
        Chunk last = PlainPeers.cancelled(SESSION, new MessageId("m1"));

        get(backplane.log().finish(Optional.of(USER), last));

        JsonNode turn = turns(awaitTurns(1)).getFirst();
        assertThat(turn.get("finish_reason").asString()).isEqualTo("cancelled");
        // The ring of the last piece might still be on its way to the pod.
        await().atMost(SOON).until(() -> pod.text("m1"), turn.get("answer").asString()::equals);
    }

    @Test
    void anotherUserSeesNothing() throws Exception {
        PlainPod pod = peers.pod("pod-1", "test");
        peers.ask("test", "m1", "secret");
        await().atMost(SOON).until(() -> pod.complete("m1"));
        awaitTurns(1);

        assertThat(get(backplane.history().newest(SESSION, new UserId("thief")))).isEmpty();
    }
}
