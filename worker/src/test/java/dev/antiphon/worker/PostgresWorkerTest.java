package dev.antiphon.worker;

import static dev.antiphon.worker.PlainPeers.JSON;
import static dev.antiphon.worker.PlainPeers.demoAnswer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.antiphon.backplane.Backplane;
import dev.antiphon.backplane.BackplaneSettings;
import dev.antiphon.protocol.Environment;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.servers.PostgresServer;
import dev.antiphon.worker.PlainPeers.PlainPod;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// A worker whose conversations are in PostgreSQL.
final class PostgresWorkerTest {

    private static final Duration SOON = Duration.ofSeconds(60);

    private PlainPeers peers;

    @BeforeEach
    void start() throws Exception {
        peers = new PlainPeers();
    }

    @AfterEach
    void stop() throws Exception {
        peers.close();
    }

    private static List<String> turns(Backplane backplane) throws Exception {
        return backplane
                .history()
                .newest(new SessionId("test"), new UserId("user1"))
                .toCompletableFuture()
                .get(30, TimeUnit.SECONDS)
                .orElseThrow()
                .turns()
                .stream()
                .map(turn -> JSON.readTree(turn).get("answer").asString())
                .toList();
    }

    @Test
    void anAnswerIsGivenWhileTheDatabaseIsAwayAndKeptWhenItIsBack() throws Exception {
        try (PostgresServer postgres = PostgresServer.start()) {
            Map<String, String> environment = new HashMap<>(peers.environment());
            environment.put("DATABASE_URL", postgres.url());
            Environment settings = Environment.of(environment);
            try (Backplane backplane =
                            Backplane.open(
                                    BackplaneSettings.from(settings, Duration.ofSeconds(5)),
                                    "test");
                    Worker worker = Worker.open(WorkerConfig.from(settings))) {
                assertThat(worker).isNotNull();
                PlainPod pod = peers.pod("pod-1", "test");
                postgres.stop();

                peers.ask("test", "m1", "first");
                await().atMost(SOON).until(() -> pod.complete("m1"));
                postgres.restart();

                await().atMost(SOON)
                        .ignoreExceptions()
                        .until(() -> turns(backplane).equals(List.of(demoAnswer("first"))));
            }
        }
    }
}
