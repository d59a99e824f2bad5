package dev.antiphon.backplane.history;

import static dev.antiphon.backplane.RealRedis.answer;
import static dev.antiphon.backplane.log.Chat.SESSION;
import static dev.antiphon.backplane.log.Chat.last;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.antiphon.backplane.DatabaseSettings;
import dev.antiphon.backplane.Unavailable;
import dev.antiphon.backplane.log.Accept;
import dev.antiphon.backplane.log.Admission;
import dev.antiphon.backplane.log.Chat;
import dev.antiphon.backplane.log.Claim;
import dev.antiphon.backplane.log.Cleanups.Cleanup;
import dev.antiphon.backplane.log.RedisCleanups;
import dev.antiphon.backplane.log.Token;
import dev.antiphon.backplane.registry.Attach;
import dev.antiphon.backplane.registry.RedisConnectionRegistry;
import dev.antiphon.protocol.ConnectionId;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.servers.PostgresServer;

import io.lettuce.core.RestoreArgs;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;

/// The same on a real PostgreSQL.
final class PostgresHistoryTest extends HistoryTest {

    private static final Duration KEEP = Duration.ofDays(10);

    private static PostgresServer server;
    private static PostgresHistory history;

    @BeforeAll
    static void open() throws InterruptedException {
        server = PostgresServer.start();
        DatabaseSettings settings = DatabaseSettings.of(server.url(), Duration.ofSeconds(2));
        history = PostgresHistory.open(settings, REDIS.redis(), KEEP);
    }

    @AfterAll
    static void close() {
        if (history != null) {
            history.close();
        }
        if (server != null) {
            server.close();
        }
    }

    @BeforeEach
    void empty() throws Exception {
        sql("DELETE FROM chat_session");
    }

    private static void sql(String statement) throws Exception {
        try (Connection connection = connect();
                Statement each = connection.createStatement()) {
            each.execute(statement);
        }
    }

    private static Connection connect() throws Exception {
        return DriverManager.getConnection(
                "jdbc:postgresql://127.0.0.1:" + server.port() + "/postgres", "antiphon", "");
    }

    private static int count(String table) throws Exception {
        try (Connection connection = connect();
                Statement each = connection.createStatement();
                ResultSet row = each.executeQuery("SELECT count(*) FROM " + table)) {
            row.next();
            return row.getInt(1);
        }
    }

    @Override
    History history() {
        return history;
    }

    @Override
    Conversations conversations() {
        return history;
    }

    @Test
    void everythingIsInPostgresAndNothingOfTheConversationInRedis() throws Exception {
        chat.converse("m1");
        settle();

        assertThat(count("chat_turn")).isEqualTo(1);
        assertThat(REDIS.commands().keys("chat:history:*")).isEmpty();
        assertThat(REDIS.commands().keys("chat:turns:*")).isEmpty();
        assertThat(REDIS.commands().keys("chat:sessions:*")).isEmpty();
    }

    /// The state after a worker dies between the two writes.
    @Test
    void aTurnThatIsStoredAndNotMarkedIsStoredOnce() {
        chat.converse("m1");
        settle();
        REDIS.commands().hdel(Keys.meta(SESSION), "settled");
        chat.converse("m2");
        settle();

        assertThat(turns()).containsExactly("m1: done", "m2: done");
    }

    /// Redis loses the first answer with its last writes, as in a failover to a lagging replica, and the message is
    /// answered again.
    @Test
    void aMessageThatWasAnsweredAgainHasTheAnswerThatTheLogHasAndItsPlace() {
        chat.converse("m0");
        settle();
        byte[] meta = REDIS.commands().dump(Keys.meta(SESSION));
        byte[] log = REDIS.commands().dump(Keys.log(SESSION));
        for (String first : List.of("a longer answer than the other", "other")) {
            chat.ask("m1");
            chat.append(last("m1", chat.claimed("w1").token(), 0, first));
            chat.converse("m2");
            settle();
            RestoreArgs inPlace = RestoreArgs.Builder.ttl(0).replace();
            REDIS.commands().restore(Keys.meta(SESSION), meta, inPlace);
            REDIS.commands().restore(Keys.log(SESSION), log, inPlace);
            REDIS.commands()
                    .del(
                            Keys.run(SESSION, new MessageId("m1")),
                            Keys.run(SESSION, new MessageId("m2")));
        }

        chat.ask("m1");
        chat.append(last("m1", chat.claimed("w1").token(), 0, "seen last"));
        settle();

        assertThat(turns()).containsExactly("m0: done", "m1: seen last", "m2: done");
        chat.converse("m2");
        chat.ask("m3");
        settle();
        assertThat(answer(history.before(SESSION, new MessageId("m3"), 100)))
                .extracting(Said::answer)
                .containsExactly("done", "seen last", "done");
    }

    @Test
    void textsThatPostgresCannotKeepAsSuchComeBackAsTheyWere() {
        chat.ask(Chat.request(Chat.USER, "m1", "a\u0000b \ud83d\ude00 </script>"));
        chat.converseWith("m1");
        chat.ask("m2");
        settle();

        assertThat(answer(history.before(SESSION, new MessageId("m2"), 100)))
                .containsExactly(new Said("a\u0000b \ud83d\ude00 </script>", "done"));
    }

    @Test
    void oldSessionsAreRemovedInBatchesAndOthersAreKept() throws Exception {
        for (int i = 0; i < 7; i++) {
            sql(
                    "INSERT INTO chat_session VALUES ('old%d', 'u1', 't', now(), now() - interval '11 days')"
                            .formatted(i));
        }
        sql("INSERT INTO chat_session VALUES ('new', 'u1', 't', now(), now() - interval '9 days')");
        sql("INSERT INTO chat_turn VALUES ('old1', 'm1', 1, NULL, 1, '{}')");

        assertThat(answer(history.sessions(Chat.USER, Optional.empty(), 10)).page()).hasSize(1);
        assertThat(List.of(answer(history.forget(5)), answer(history.forget(5))))
                .containsExactly(5, 2);
        assertThat(answer(history.forget(5))).isZero();
        assertThat(count("chat_session")).isEqualTo(1);
        assertThat(count("chat_turn")).isZero();
    }

    // Owners

    private static final UserId STRANGER = new UserId("u2");

    private Chat asked;
    private RedisConnectionRegistry registry;

    @BeforeEach
    void letIn() {
        Admission admission = new Admission(Optional.of(history));
        asked = new Chat(REDIS, admission);
        registry = new RedisConnectionRegistry(REDIS.redis(), new PodId("pod-1"), admission);
    }

    private Attach attach(UserId user) {
        return answer(registry.attach(SESSION, user, new ConnectionId("c1"), true));
    }

    private void loseRedisAfterAnAnswer() {
        asked.converse("m1");
        settle();
        REDIS.commands().flushall();
    }

    @Test
    void aSessionThatRedisHasLostStaysItsOwners() throws Exception {
        loseRedisAfterAnAnswer();

        assertThat(attach(STRANGER)).isInstanceOf(Attach.Foreign.class);
        assertThat(asked.ask(Chat.request(STRANGER, "x1", "mine?")))
                .isInstanceOf(Accept.Foreign.class);
        assertThat(answer(history.newest(SESSION, STRANGER))).isEmpty();
        assertThat(answer(history.erase(SESSION, STRANGER))).isEmpty();
        assertThat(count("chat_turn")).isEqualTo(1);
    }

    @Test
    void theOwnerOfASessionThatRedisHasLostReadsItAndContinues() {
        loseRedisAfterAnAnswer();

        assertThat(turns()).containsExactly("m1: done");
        assertThat(after(newest().orElseThrow().cursor())).isEmpty();
        asked.ask("m2");

        assertThat(answer(history.before(SESSION, new MessageId("m2"), 100)))
                .containsExactly(new Said("hi", "done"));
        asked.converseWith("m2");
        settle();
        assertThat(turns()).containsExactly("m1: done", "m2: done");
    }

    @Test
    void theFirstMessageAfterRedisWasLostFollowsTheLastBefore() {
        loseRedisAfterAnAnswer();

        asked.ask("m2");

        assertThat(asked.run("m2", "parent")).isEqualTo("m1");
        assertThat(attach(STRANGER)).isInstanceOf(Attach.Foreign.class);
    }

    @Test
    void theOwnerOfASessionThatRedisHasLostErasesIt() throws Exception {
        loseRedisAfterAnAnswer();

        assertThat(newest()).isPresent();
        assertThat(answer(history.erase(SESSION, Chat.USER))).isPresent();
        assertThat(count("chat_turn")).isZero();
        assertThat(attach(STRANGER)).isInstanceOf(Attach.Attached.class);
    }

    @Test
    void aSessionThatRedisHasLostKeepsItsIncarnation() {
        asked.converse("m1");
        String incarnation = asked.incarnation();
        settle();
        List<Runnable> ways = List.of(() -> asked.ask("m2"), () -> attach(Chat.USER), this::newest);
        for (Runnable comesBack : ways) {
            REDIS.commands().flushall();
            comesBack.run();
            assertThat(asked.incarnation()).isEqualTo(incarnation);
        }
        asked.ask("m2");
        assertThat(asked.claimed("w1").incarnation()).isEqualTo(incarnation);
    }

    @Test
    void theServicesDataOfASessionThatRedisHasLostIsRemovedToo() {
        asked.converse("m1");
        String incarnation = asked.incarnation();
        settle();
        REDIS.commands().flushall();

        assertThat(answer(history.erase(SESSION, STRANGER))).isEmpty();
        assertThat(removedAtServices()).isEmpty();
        assertThat(answer(history.erase(SESSION, Chat.USER))).isPresent();

        assertThat(removedAtServices()).containsExactly(incarnation);
    }

    private static List<String> removedAtServices() {
        RedisCleanups cleanups = new RedisCleanups(REDIS.redis());
        List<String> incarnations = new ArrayList<>();
        for (Optional<Cleanup> left = answer(cleanups.take()).cleanup();
                left.isPresent();
                left = answer(cleanups.take()).cleanup()) {
            assertThat(left.get().whole()).isTrue();
            incarnations.add(left.get().incarnation());
        }
        return incarnations;
    }

    /// Runs that have begun meanwhile keep the incarnation that services know.
    @Test
    void aSessionThatContinuedWithoutTheDatabaseGetsItsIncarnationBack() {
        asked.converse("m1");
        String before = asked.incarnation();
        settle();
        REDIS.commands().flushall();
        server.stop();
        try {
            asked.ask("m2");
        } finally {
            server.restart();
        }
        String meanwhile = asked.incarnation();
        assertThat(meanwhile).isNotEqualTo(before);
        await().atMost(Duration.ofSeconds(60))
                .ignoreExceptions()
                .untilAsserted(() -> {
                    attach(Chat.USER);
                    assertThat(asked.incarnation()).isEqualTo(before);
                });

        asked.dies("w1");
        assertThat(asked.claimed("w1").incarnation()).isEqualTo(meanwhile);
        asked.dies("w1");
        asked.ask("m3");
        assertThat(asked.run("m3", "incarnation")).isEqualTo(before);
        assertThat(answer(history.erase(SESSION, Chat.USER))).isPresent();
        assertThat(removedAtServices()).containsExactlyInAnyOrder(before, meanwhile);
    }

    /// New conversations continue without the database. If another user takes a session meanwhile, its owner takes
    /// it back.
    @Test
    void aUserWhoTakesALostSessionWithoutTheDatabaseHasItUntilItsOwnerComes() {
        loseRedisAfterAnAnswer();
        server.stop();
        try {
            assertThat(asked.ask(Chat.request(STRANGER, "x1", "mine?")))
                    .isInstanceOf(Accept.Accepted.class);
            assertThat(attach(Chat.USER)).isInstanceOf(Attach.Foreign.class);
        } finally {
            server.restart();
        }

        await().atMost(Duration.ofSeconds(60))
                .ignoreExceptions()
                .untilAsserted(
                        () -> assertThat(attach(Chat.USER)).isInstanceOf(Attach.Attached.class));
        assertThat(attach(STRANGER)).isInstanceOf(Attach.Foreign.class);
        assertThat(asked.claim("x1", "w1", Token.mint())).isInstanceOf(Claim.Unknown.class);
        assertThat(asked.entries()).isEmpty();
        assertThat(turns()).containsExactly("m1: done");
    }

    @Test
    void answersThatEndWhileItIsUnavailableAreStoredAfterwards() {
        chat.converse("m1");
        settle();
        server.stop();
        try {
            chat.converse("m2");
            assertThatThrownBy(this::settle).hasStackTraceContaining("Unavailable");
            assertThatThrownBy(
                            () -> history.newest(SESSION, Chat.USER).toCompletableFuture().join())
                    .isInstanceOf(CompletionException.class)
                    .hasCauseInstanceOf(Unavailable.class);
        } finally {
            server.restart();
        }

        await().atMost(Duration.ofSeconds(60))
                .ignoreExceptions()
                .untilAsserted(() -> {
                    settle();
                    assertThat(turns()).containsExactly("m1: done", "m2: done");
                });
    }

    @Test
    void anotherProcessFindsTheTablesThere() throws Exception {
        DatabaseSettings settings = DatabaseSettings.of(server.url(), Duration.ofSeconds(2));
        try (PostgresHistory other = PostgresHistory.open(settings, REDIS.redis(), KEEP)) {
            chat.converse("m1");
            settle();

            assertThat(answer(other.newest(SESSION, Chat.USER)).orElseThrow().turns()).hasSize(1);
            assertThat(answer(other.newest(new SessionId("s2"), Chat.USER))).isEmpty();
        }
    }
}
