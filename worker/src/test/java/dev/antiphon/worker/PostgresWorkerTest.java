package dev.antiphon.worker;

import static dev.antiphon.worker.PlainPeers.JSON;
import static dev.antiphon.worker.PlainPeers.demoAnswer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.antiphon.backplane.Backplane;
import dev.antiphon.backplane.BackplaneSettings;
import dev.antiphon.backplane.log.Resume;
import dev.antiphon.backplane.log.UserAnswer;
import dev.antiphon.engine.run.Counters.Count;
import dev.antiphon.protocol.Environment;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.providers.ModelProviders;
import dev.antiphon.servers.PostgresServer;
import dev.antiphon.testkit.FakeModelServer;
import dev.antiphon.testkit.Wire;
import dev.antiphon.worker.PlainPeers.PlainPod;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

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
    void anAnswerIsGivenWhileTheDatabaseIsUnavailableAndKeptWhenItIsBack() throws Exception {
        try (PostgresServer postgres = PostgresServer.start()) {
            Map<String, String> environment = new HashMap<>(peers.environment());
            environment.put("DATABASE_URL", postgres.url());
            Environment settings = ModelProviders.environment(environment);
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

    private static int storedTurns(PostgresServer postgres) throws Exception {
        try (Connection connection = DriverManager.getConnection(jdbc(postgres), "antiphon", "");
                Statement each = connection.createStatement();
                ResultSet row = each.executeQuery("SELECT count(*) FROM chat_turn")) {
            row.next();
            return row.getInt(1);
        }
    }

    private static String jdbc(PostgresServer postgres) {
        return "jdbc:postgresql://127.0.0.1:" + postgres.port() + "/postgres";
    }

    private boolean isDone(String session, String message) {
        return "done"
                .equals(peers.redis.sync().hget("chat:run:" + session + ":" + message, "status"));
    }

    /// Far more of them than there are slots for runs; a part of the slots waits for data that only the database has.
    @Test
    void newChatsAreAnsweredHoweverManyAnswersWaitForTheDatabase() throws Exception {
        int chats = 2_000;
        int followUps = 40;
        try (PostgresServer postgres = PostgresServer.start()) {
            Map<String, String> environment = new HashMap<>(peers.environment());
            environment.put("DATABASE_URL", postgres.url());
            environment.put("CHAT_WORKFLOW_CONCURRENCY", "20");
            environment.put("CHAT_DEMO_WORDS", "100");
            try (Worker worker =
                    Worker.open(WorkerConfig.from(ModelProviders.environment(environment)))) {
                postgres.stop();
                for (int i = 0; i < chats; i++) {
                    peers.ask("s" + i, "m1", "hi");
                }
                await().atMost(SOON)
                        .until(() -> peers.redis.sync().zcard("chat:unsettled") == chats);
                assertThat(isDone("s0", "m1")).isTrue();

                for (int i = 0; i < followUps; i++) {
                    peers.ask("s" + i, "m2", "and?"); // needs a turn that is not stored
                }
                await().atMost(SOON) // those beyond a quarter of the slots are refused
                        .until(() ->
                                IntStream.range(0, followUps)
                                                .filter(i -> isDone("s" + i, "m2"))
                                                .count()
                                        >= followUps - 5);
                peers.ask("new", "m1", "hi");
                await().atMost(Duration.ofSeconds(20)).until(() -> isDone("new", "m1"));

                assertThat(worker.counters().of(Count.SETTLED_LATER)).isPositive();
                await().atMost(SOON).until(() -> peers.stored() <= 5); // those that wait
                postgres.restart();

                await().atMost(Duration.ofMinutes(2))
                        .ignoreExceptions()
                        .until(() -> storedTurns(postgres) == chats + followUps + 1);
                await().atMost(SOON).until(() -> peers.redis.sync().zcard("chat:unsettled") == 0);
            }
        }
    }

    @Test
    void aRunThatWaitsForItsUserContinuesAfterRedisLostEverything() throws Exception {
        Wire wire = Wire.all().findFirst().orElseThrow();
        try (PostgresServer postgres = PostgresServer.start();
                FakeModelServer model =
                        new FakeModelServer(exchange ->
                                exchange.open(wire.contentType())
                                        .send(
                                                exchange.isFirst()
                                                        ? wire.begin()
                                                                + wire.toolCall(
                                                                        0,
                                                                        "call_1",
                                                                        "calculator",
                                                                        "{\"expression\":\"6*7\"}")
                                                                + wire.end(Wire.Reason.TOOLS, 5)
                                                        : wire.answer("It is 42."))
                                        .end())) {
            Map<String, String> environment = new HashMap<>(peers.environment());
            environment.put("DATABASE_URL", postgres.url());
            environment.put("CHAT_TOOLS_APPROVED", "calculator");
            environment.putAll(wire.environment(model.url()));
            try (Worker worker =
                    Worker.open(WorkerConfig.from(ModelProviders.environment(environment)))) {
                assertThat(worker).isNotNull();
                PlainPod pod = peers.pod("pod-1", "test");
                peers.ask("test", "m1", "What is six times seven?");
                await().atMost(SOON).until(() -> isAsked(pod));
                await("the request is acknowledged").atMost(SOON).until(() -> peers.stored() == 0);

                peers.redis.sync().flushall();
                peers.pod("pod-1", "test"); // as our pod does when its member is gone
                Resume resume =
                        Resuming.resume(
                                environment, "user1", "test", "m1", new UserAnswer("yes", null));

                assertThat(resume).isInstanceOf(Resume.Resumed.class);
                await().atMost(SOON).until(() -> pod.complete("m1"));
                assertThat(pod.text("m1")).isEqualTo("It is 42.");
                assertThat(model.requests).hasSize(2);
            }
        }
    }

    private static boolean isAsked(PlainPod pod) {
        return pod.chunks("m1").stream()
                .anyMatch(chunk -> chunk.at("/metadata/status").asString("").equals("interrupt"));
    }
}
