package dev.antiphon.engine.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.antiphon.backplane.Backplane;
import dev.antiphon.backplane.BackplaneSettings;
import dev.antiphon.backplane.log.SessionLog;
import dev.antiphon.backplane.queue.Delivery;
import dev.antiphon.backplane.queue.RequestQueue;
import dev.antiphon.backplane.queue.StoredRequest;
import dev.antiphon.engine.run.Counters.Count;
import dev.antiphon.engine.workflow.ChatWorkflow;
import dev.antiphon.engine.workflow.Workflows;
import dev.antiphon.protocol.Environment;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.WorkerId;
import dev.antiphon.providers.DemoProvider;
import dev.antiphon.servers.NatsServer;
import dev.antiphon.servers.RedisServer;
import dev.antiphon.time.Time;
import dev.antiphon.tools.ToolRunner;
import dev.antiphon.tools.ToolSelection;
import dev.antiphon.tools.Tools;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/// The two counters that cannot be moved in a real worker within a minute.
final class MeterBoundsTest {

    private final Counters counters = new Counters();
    private NatsServer nats;
    private RedisServer redis;
    private Backplane backplane;

    @BeforeEach
    void start() throws Exception {
        nats = NatsServer.start();
        redis = RedisServer.start();
        Map<String, String> environment =
                Map.of(
                        "NATS_URL",
                        nats.url(),
                        "REDIS_HOST",
                        "127.0.0.1",
                        "REDIS_PORT",
                        "" + redis.port());
        backplane =
                Backplane.open(
                        BackplaneSettings.from(Environment.of(environment), Duration.ofSeconds(5)),
                        "test");
    }

    @AfterEach
    void stop() {
        backplane.close();
        redis.close();
        nats.close();
    }

    private static final class Nowhere implements Delivery {
        @Override
        public StoredRequest request() {
            return new StoredRequest("chat.workflow.execute.s", new byte[0], 1, Instant.EPOCH);
        }

        @Override
        public boolean isAgain() {
            return false;
        }

        @Override
        public void ack() {}

        @Override
        public void retryAfter(Duration delay) {}

        @Override
        public void inProgress() {}
    }

    @Test
    void anAckThatHasNoRoomToWaitIsCounted() {
        SessionLog silent =
                instead(SessionLog.class, backplane.log(), "workState", new CompletableFuture<>());
        try (Acker acker = Acker.open(silent, Time.system(), counters)) {
            for (int i = 0; i < 100_002; i++) {
                acker.hold(new Nowhere(), new SessionId("s"), new MessageId("m"));
            }
            assertThat(counters.of(Count.ACK_DROPPED)).isBetween(1L, 2L);
        }
    }

    @Test
    void requestsThatWereFreedAreCounted() throws Exception {
        Time hurried = instead(Time.class, Time.system(), "about", Duration.ofMillis(1));
        RequestQueue queue = instead(RequestQueue.class, backplane.queue(), "purgeDone", 3L);
        WorkerId id = new WorkerId("worker_1");
        try (Acker acker = Acker.open(backplane.log(), Time.system(), counters);
                Settler settler = Settler.open(backplane.history(), Time.system(), counters);
                LeaseKeeper lease =
                        LeaseKeeper.open(backplane.lease(id), Time.system(), counters)) {
            SessionRunner runner =
                    new SessionRunner(
                            backplane.log(),
                            settler,
                            backplane.notices(),
                            queue,
                            new RunParts(
                                    new Providers(
                                            List.of(
                                                    new DemoProvider(
                                                            Duration.ZERO, 3, Time.system())),
                                            DemoProvider.NAME),
                                    new Workflows(List.of(new ChatWorkflow()), null, 50),
                                    new ContextWindow(
                                            backplane.history(), 8_000, 1, Time.system(), counters),
                                    new ToolRunner(
                                            new Tools(List.of(), ToolSelection.ALL),
                                            backplane.toolJournal(),
                                            Duration.ofSeconds(30),
                                            Time.system()),
                                    ToolSelection.ALL),
                            acker,
                            id,
                            Time.system(),
                            counters);
            try (Rescue _ =
                    Rescue.open(
                            backplane.recovery(),
                            backplane.log(),
                            runner,
                            queue,
                            lease,
                            id,
                            hurried,
                            counters)) {
                await().atMost(Duration.ofSeconds(20)).until(() -> counters.of(Count.PURGED) >= 3);
            }
        }
    }

    /// The same, except for one method's result.
    private static <T> T instead(Class<T> type, T real, String method, Object answer) {
        return type.cast(
                Proxy.newProxyInstance(
                        type.getClassLoader(),
                        new Class<?>[] {type},
                        (_, called, arguments) -> {
                            if (called.getName().equals(method)) {
                                return answer;
                            }
                            try {
                                return called.invoke(real, arguments);
                            } catch (InvocationTargetException e) {
                                throw e.getCause();
                            }
                        }));
    }
}
