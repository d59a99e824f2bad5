package dev.antiphon.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.antiphon.backplane.Backplane;
import dev.antiphon.backplane.BackplaneSettings;
import dev.antiphon.engine.run.Counters.Count;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.RequestContext;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.WorkflowRequest;
import dev.antiphon.providers.ModelProviders;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import tools.jackson.databind.JsonNode;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Users who send their next message as soon as an answer ends, on two workers and real servers.
final class ClosedLoopTest {

    private static final int SESSIONS = Integer.getInteger("loop.sessions", 16);
    private static final int MESSAGES = Integer.getInteger("loop.messages", 10);
    private static final Duration IN_TIME = Duration.ofMinutes(5);

    /// A session can be free for a moment between two messages, when a held delivery is checked.
    private static final int MOST_REDELIVERED = SESSIONS * MESSAGES / 10;

    private final List<AutoCloseable> opened = new ArrayList<>();
    private final List<Worker> workers = new ArrayList<>();
    private PlainPeers peers;
    private Backplane gateway;

    private final CountDownLatch loops = new CountDownLatch(SESSIONS);

    @BeforeEach
    void start() throws Exception {
        peers = opened(new PlainPeers());
        gateway =
                opened(
                        Backplane.open(
                                BackplaneSettings.from(
                                        ModelProviders.environment(peers.environment()),
                                        Duration.ofSeconds(5)),
                                "test"));
        for (int i = 0; i < 2; i++) {
            Map<String, String> environment = new HashMap<>(peers.environment());
            environment.put("CHAT_DEMO_DELAY", "20ms");
            workers.add(
                    opened(
                            Worker.open(
                                    WorkerConfig.from(ModelProviders.environment(environment)))));
        }
    }

    private <T extends AutoCloseable> T opened(T resource) {
        opened.add(resource);
        return resource;
    }

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable each : opened.reversed()) {
            each.close();
        }
    }

    /// Accepts and publishes, as a gateway does.
    private void ask(String session, int number) {
        WorkflowRequest request =
                new WorkflowRequest(
                        new MessageId("m" + number),
                        new SessionId(session),
                        PlainPeers.USER,
                        "hi",
                        RequestContext.empty(),
                        null,
                        Instant.now(),
                        "corr_1");
        var _ = gateway.log().accept(request).thenCompose(_ -> gateway.queue().publish(request));
    }

    private void hear(JsonNode chunk) {
        String session = chunk.get("session_id").asString();
        int number = Integer.parseInt(chunk.get("message_id").asString().substring(1));
        if (chunk.get("is_final").asBoolean()) {
            if (number == MESSAGES) {
                loops.countDown();
            } else {
                ask(session, number + 1);
            }
        }
    }

    private long counted(Count count) {
        return workers.stream().mapToLong(worker -> worker.counters().of(count)).sum();
    }

    @Test
    void aMessageThatFollowsAnAnswerTakesNoDetourAndLeavesTheStreamSoon() throws Exception {
        peers.nats
                .createDispatcher(message -> hear(PlainPeers.JSON.readTree(message.getData())))
                .subscribe("chat.pod.pod-1.response");
        for (int i = 0; i < SESSIONS; i++) {
            peers.redis.sync().sadd("session:connections:s" + i, "pod-1:conn-1");
        }
        long start = System.nanoTime();
        for (int i = 0; i < SESSIONS; i++) {
            ask("s" + i, 1);
        }

        assertThat(loops.await(IN_TIME.toSeconds(), TimeUnit.SECONDS)).isTrue();

        long end = System.nanoTime();
        long stored = peers.stored();
        await().atMost(Duration.ofSeconds(30)).until(() -> peers.stored() == 0);
        System.out.printf(
                "%d answers in %.1f s: %d redelivered, %d stored at the end, none after %.1f s%n",
                SESSIONS * MESSAGES,
                (end - start) / 1e9,
                counted(Count.REDELIVERED),
                stored,
                (System.nanoTime() - end) / 1e9);
        assertThat(counted(Count.BUSY)).isPositive();
        assertThat(counted(Count.REDELIVERED)).isLessThanOrEqualTo(MOST_REDELIVERED);
    }
}
