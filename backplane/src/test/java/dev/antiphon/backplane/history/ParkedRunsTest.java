package dev.antiphon.backplane.history;

import static dev.antiphon.backplane.RealRedis.answer;
import static dev.antiphon.backplane.log.Chat.SESSION;
import static dev.antiphon.backplane.log.Chat.USER;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.antiphon.backplane.DatabaseSettings;
import dev.antiphon.backplane.RealRedis;
import dev.antiphon.backplane.Retention;
import dev.antiphon.backplane.log.Admission;
import dev.antiphon.backplane.log.Batch;
import dev.antiphon.backplane.log.Chat;
import dev.antiphon.backplane.log.Claim;
import dev.antiphon.backplane.log.Finish;
import dev.antiphon.backplane.log.RedisCleanups;
import dev.antiphon.backplane.log.RedisSessionLog;
import dev.antiphon.backplane.log.Resume;
import dev.antiphon.backplane.log.SessionLog;
import dev.antiphon.backplane.log.Token;
import dev.antiphon.backplane.log.UserAnswer;
import dev.antiphon.backplane.log.WorkState;
import dev.antiphon.backplane.registry.Attach;
import dev.antiphon.backplane.registry.RedisConnectionRegistry;
import dev.antiphon.backplane.tools.RedisToolJournal;
import dev.antiphon.backplane.tools.ToolBegin;
import dev.antiphon.backplane.tools.ToolIntent;
import dev.antiphon.backplane.tools.ToolJournal;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.Completion.FinishReason;
import dev.antiphon.protocol.ConnectionId;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkerId;
import dev.antiphon.servers.PostgresServer;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/// Runs that wait for their users on a real PostgreSQL, and a Redis that loses everything.
final class ParkedRunsTest {

    private static final MessageId M1 = new MessageId("m1");

    @RegisterExtension static final RealRedis REDIS = new RealRedis();

    private static PostgresServer server;
    private static PostgresHistory history;
    private static SessionLog log;

    private final Chat chat = new Chat(REDIS);
    private final ToolJournal journal = new RedisToolJournal(REDIS.redis());

    @BeforeAll
    static void open() throws InterruptedException {
        server = PostgresServer.start();
        DatabaseSettings settings = DatabaseSettings.of(server.url(), Duration.ofSeconds(2));
        history = PostgresHistory.open(settings, REDIS.redis(), Duration.ofDays(10));
        log = history.parking(new RedisSessionLog(REDIS.redis()));
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
        sql("DELETE FROM chat_parked");
        sql("DELETE FROM chat_session");
    }

    private static Connection connect() throws Exception {
        return DriverManager.getConnection(
                "jdbc:postgresql://127.0.0.1:" + server.port() + "/postgres", "antiphon", "");
    }

    private static void sql(String statement) throws Exception {
        try (Connection connection = connect();
                Statement each = connection.createStatement()) {
            each.execute(statement);
        }
    }

    private static int rows() throws Exception {
        try (Connection connection = connect();
                Statement each = connection.createStatement();
                ResultSet row = each.executeQuery("SELECT count(*) FROM chat_parked")) {
            row.next();
            return row.getInt(1);
        }
    }

    private Claim claim() {
        chat.lives("w1");
        return answer(log.claim(SESSION, Optional.empty(), new WorkerId("w1"), Token.mint()));
    }

    private Claim.Claimed claimed() {
        Claim claim = claim();
        assertThat(claim).isInstanceOf(Claim.Claimed.class);
        return (Claim.Claimed) claim;
    }

    private static Chunk status(String message, int chunkId, String status) {
        return new Chunk(
                SESSION,
                new MessageId(message),
                chunkId,
                new ChunkBody.Status(status, Json.object()),
                null,
                Instant.parse("2025-11-18T20:30:05Z"),
                "c-" + message);
    }

    private static Batch question(String message, Token token, int chunkId) {
        return new Batch(
                SESSION,
                new MessageId(message),
                token,
                chunkId,
                List.of(
                        new Batch.Addition(
                                EventName.CHUNK, status(message, chunkId, "interrupt").encode())),
                Batch.Then.PARK);
    }

    private static ToolIntent intent(Token token, String nonce) {
        return new ToolIntent(SESSION, M1, token, "step.0", "abc1", nonce);
    }

    /// `m1` has streamed one chunk, called a tool, finished a step, and asks its user with chunk 1.
    private void park() {
        chat.ask("m1");
        Token token = claimed().token();
        answer(log.append(Chat.batch("m1", token, 0, "Hel")));
        answer(journal.begin(intent(token, "try1"), false));
        answer(journal.end(intent(token, "try1"), "sent".getBytes(UTF_8)));
        answer(log.checkpoint(SESSION, M1, token, 1, "{\"step\":\"one\"}"));
        answer(log.append(question("m1", token, 1)));
    }

    /// The same, and its row is stored.
    private void parkAndKeep() throws Exception {
        park();
        awaitRow();
    }

    private static void awaitRow() {
        await().atMost(Duration.ofSeconds(20)).until(() -> rows() == 1);
    }

    private Resume resume(UserId user, String answer, @Nullable Integer question) {
        return answer(
                log.resume(user, status("m1", 0, "resumed"), new UserAnswer(answer, question)));
    }

    private void loseRedis() {
        REDIS.commands().flushall();
    }

    @Test
    void aRunWhoseUserAnswersAfterRedisWasLostContinuesFromWhereItStood() throws Exception {
        parkAndKeep();
        loseRedis();

        assertThat(answer(log.request(SESSION, M1))).contains(Chat.request("m1"));
        assertThat(resume(USER, "yes", 1)).isInstanceOf(Resume.Resumed.class);

        Claim.Claimed claimed = claimed();
        assertThat(claimed.request()).isEqualTo(Chat.request("m1"));
        assertThat(claimed.checkpoint()).isEqualTo("{\"step\":\"one\"}");
        assertThat(claimed.answers()).containsExactly("yes");
        assertThat(claimed.nextChunk()).isEqualTo(3);
        assertThat(claimed.streamed())
                .extracting(chunk -> Chunk.decode(chunk).body().type())
                .containsExactly("content", "status", "status");
        assertThat(chat.transcript())
                .containsExactly("message m1", "m1/0 Hel", "m1/1 status", "m1/2 status");
        assertThat(answer(journal.begin(intent(claimed.token(), "try2"), false)))
                .isInstanceOfSatisfying(
                        ToolBegin.Done.class,
                        done -> assertThat(done.outcome()).asString(UTF_8).isEqualTo("sent"));
    }

    @Test
    void itsUsersListSaysThatItWaitsAndThenRunsThoughRedisWasLost() throws Exception {
        parkAndKeep();
        loseRedis();
        assertThat(answer(history.states(USER, List.of(SESSION))))
                .containsExactly(new SessionState(SESSION, SessionState.State.WAITING, ""));
        assertThat(answer(history.states(new UserId("u2"), List.of(SESSION))))
                .containsExactly(SessionState.deleted(SESSION));

        resume(USER, "yes", 1);
        assertThat(answer(history.newest(USER)))
                .containsExactly(new SessionState(SESSION, SessionState.State.RUNNING, "hi"));
    }

    /// Its delivery must stay in the queue, because no row has the run.
    @Test
    void aRunThatIsLostWhileItIsStoredIsNotAtRest() throws Exception {
        park();
        ParkedStore losesRedis =
                (ParkedStore)
                        Proxy.newProxyInstance(
                                ParkedStore.class.getClassLoader(),
                                new Class<?>[] {ParkedStore.class},
                                (_, method, _) -> {
                                    assertThat(method.getName()).isEqualTo("keep");
                                    loseRedis();
                                    return CompletableFuture.completedStage(null);
                                });
        SessionLog parking = new ParkingSessionLog(new RedisSessionLog(REDIS.redis()), losesRedis);

        assertThat(answer(parking.workState(SESSION, M1))).isInstanceOf(WorkState.AtWork.class);
    }

    @Test
    void itContinuesWithinTheSameLogAndEndsAsAnyOther() throws Exception {
        parkAndKeep();
        loseRedis();
        resume(USER, "yes", 1);
        Token token = claimed().token();

        answer(log.append(Chat.batch("m1", token, 3, "lo")));
        answer(log.append(Chat.last("m1", token, 4, "!")));

        assertThat(chat.transcript()).endsWith("m1/3 lo", "m1/4 !", "message_complete m1");
        assertThat(chat.waiting()).isEmpty();
        assertThat(claim()).isInstanceOf(Claim.Idle.class);
        answer(history.settle(SESSION));
        assertThat(answer(history.newest(SESSION, USER)).orElseThrow().turns())
                .singleElement()
                .satisfies(turn -> assertThat(new String(turn, UTF_8)).contains("\"Hello!\""));
    }

    @Test
    void theIncarnationStays() throws Exception {
        parkAndKeep();
        String incarnation = chat.incarnation();
        loseRedis();

        resume(USER, "yes", null);

        assertThat(chat.incarnation()).isEqualTo(incarnation);
    }

    @Test
    void theSameAnswerAgainIsTheSameCall() throws Exception {
        parkAndKeep();
        loseRedis();

        Resume first = resume(USER, "yes", 1);

        assertThat(resume(USER, "yes", 1)).usingRecursiveComparison().isEqualTo(first);
        assertThat(resume(USER, "no", 1)).isInstanceOf(Resume.NotWaiting.class);
    }

    @Test
    void anotherUserAndAnotherQuestionGetNothing() throws Exception {
        parkAndKeep();
        loseRedis();

        assertThat(resume(new UserId("u2"), "yes", 1)).isInstanceOf(Resume.Unknown.class);
        assertThat(resume(USER, "yes", 0)).isInstanceOf(Resume.NotWaiting.class);
        assertThat(resume(USER, "yes", 1)).isInstanceOf(Resume.Resumed.class);
    }

    @Test
    void aSessionThatAnotherUserHasNamedSinceStaysThatUsers() throws Exception {
        parkAndKeep();
        loseRedis();
        chat.ask(Chat.request(new UserId("u2"), "m9", "mine"));

        assertThat(resume(USER, "yes", 1)).isInstanceOf(Resume.Unknown.class);
    }

    // It is shown again

    private static Attach attach(UserId user) {
        Admission admission = new Admission(Optional.of(history));
        return answer(
                new RedisConnectionRegistry(REDIS.redis(), new PodId("pod-1"), admission)
                        .attach(SESSION, user, new ConnectionId("c1"), true));
    }

    @Test
    void aUserWhoComesBackAfterTheLossOfRedisGetsTheQuestionAgain() throws Exception {
        Chat asked = new Chat(REDIS, new Admission(Optional.of(history)));
        List<Runnable> ways =
                List.of(
                        () -> attach(USER),
                        () -> assertThat(answer(history.newest(SESSION, USER))).isPresent(),
                        () -> asked.ask("m2"));
        for (Runnable comesBack : ways) {
            empty();
            REDIS.commands().flushall();
            parkAndKeep();
            loseRedis();

            comesBack.run();

            assertThat(chat.transcript()).startsWith("message m1", "m1/0 Hel", "m1/1 status");
            assertThat(chat.waiting()).startsWith("m1");
            assertThat(claim()).isInstanceOf(Claim.Parked.class);
            assertThat(answer(log.workState(SESSION, M1))).isInstanceOf(WorkState.AtRest.class);
            assertThat(rows()).isEqualTo(1);
            assertThat(resume(USER, "yes", 1)).isInstanceOf(Resume.Resumed.class);
            Claim.Claimed claimed = claimed();
            assertThat(claimed.answers()).containsExactly("yes");
            assertThat(claimed.nextChunk()).isEqualTo(3);
            assertThat(rows()).isZero();
        }
    }

    /// The first message of a session waits, so that the database has no turn of it.
    @Test
    void aSessionThatOnlyAParkedRunKnowsStaysItsOwners() throws Exception {
        parkAndKeep();
        String incarnation = chat.incarnation();
        loseRedis();

        assertThat(attach(new UserId("u2"))).isInstanceOf(Attach.Foreign.class);
        assertThat(answer(history.newest(SESSION, new UserId("u2")))).isEmpty();
        assertThat(attach(USER)).isInstanceOf(Attach.Attached.class);
        assertThat(chat.incarnation()).isEqualTo(incarnation);
    }

    @Test
    void aRunThatRedisHasLostIsCancelledAndItsRowGoes() throws Exception {
        parkAndKeep();
        loseRedis();
        Completion cancelled = new Completion("m", null, FinishReason.CANCELLED);
        Chunk last = Chat.chunk("m1", 0, "", cancelled);

        assertThat(answer(log.finish(Optional.of(new UserId("u2")), last)))
                .isInstanceOf(Finish.Unknown.class);
        assertThat(answer(log.finish(Optional.of(USER), last))).isInstanceOf(Finish.Finished.class);
        answer(history.settle(SESSION));

        assertThat(chat.transcript()).endsWith("m1/2 ", "message_complete m1");
        assertThat(rows()).isZero();
        assertThat(answer(history.newest(SESSION, USER)).orElseThrow().turns())
                .singleElement()
                .satisfies(turn -> assertThat(new String(turn, UTF_8)).contains("\"cancelled\""));
    }

    @Test
    void aSessionThatIsErasedAfterRedisWasLostDoesNotComeBack() throws Exception {
        parkAndKeep();
        String incarnation = chat.incarnation();
        loseRedis();

        assertThat(answer(history.erase(SESSION, USER))).isPresent();

        assertThat(rows()).isZero();
        assertThat(
                        answer(new RedisCleanups(REDIS.redis()).take())
                                .cleanup()
                                .orElseThrow()
                                .incarnation())
                .isEqualTo(incarnation);
        assertThat(attach(new UserId("u2"))).isInstanceOf(Attach.Attached.class);
        assertThat(chat.entries()).isEmpty();
    }

    /// The database is unavailable when the session is used again, so the run is restored behind another message.
    @Test
    void aRunThatComesBackBehindAnotherMessageIsAskedAndWaitsWhenItIsItsTurn() throws Exception {
        parkAndKeep();
        loseRedis();
        chat.ask("m2");
        REDIS.commands().hset(Keys.meta(SESSION), "unsure", "1"); // database unavailable
        Claim.Claimed second = claimed();

        attach(USER);
        assertThat(chat.waiting()).containsExactly("m2", "m1");
        chat.ask("m3");
        answer(log.append(Chat.last("m2", second.token(), 0, "two")));

        assertThat(REDIS.commands().zscore(Keys.OPEN, "s1:m1"))
                .as("the sweeper would cancel it")
                .isGreaterThan(System.currentTimeMillis() + 60_000.0);
        assertThat(claim()).isInstanceOf(Claim.Parked.class);
        assertThat(answer(log.workState(SESSION, new MessageId("m3"))))
                .isInstanceOf(WorkState.AtWork.class);
        resume(USER, "yes", 1);
        assertThat(claimed().request().messageId()).isEqualTo(M1);
    }

    @Test
    void itIsAnsweredAfterWhatWasAskedSince() throws Exception {
        parkAndKeep();
        loseRedis();
        chat.ask("m2");
        Claim.Claimed second = claimed();

        assertThat(resume(USER, "yes", 1)).isInstanceOf(Resume.Resumed.class);

        answer(log.append(Chat.last("m2", second.token(), 0, "two")));
        Claim.Claimed first = claimed();
        assertThat(first.request().messageId()).isEqualTo(M1);
        assertThat(first.nextChunk()).isEqualTo(3);
        assertThat(first.streamed()).hasSize(3);
    }

    @Test
    void aRowIsThereFromTheQuestionUntilTheRunContinues() throws Exception {
        parkAndKeep();

        assertThat(resume(USER, "yes", 1)).isInstanceOf(Resume.Resumed.class);
        Claim.Claimed claimed = claimed();

        assertThat(rows()).isZero();
        answer(log.append(question("m1", claimed.token(), 3)));
        awaitRow();
    }

    @Test
    void aRunIsStoredBeforeAnyProcessLearnsThatItWaits() throws Exception {
        parkAndKeep();
        sql("DELETE FROM chat_parked"); // as if its worker had died before it stored the run

        assertThat(answer(log.workState(SESSION, M1))).isInstanceOf(WorkState.AtRest.class);

        assertThat(rows()).isEqualTo(1);
    }

    @Test
    void aRunThatWasCancelledHasNoRow() throws Exception {
        parkAndKeep();
        Completion cancelled = new Completion("", null, FinishReason.CANCELLED);

        answer(log.finish(Optional.of(USER), Chat.chunk("m1", 0, "", cancelled)));
        answer(history.settle(SESSION));

        assertThat(rows()).isZero();
    }

    @Test
    void aSessionThatIsErasedHasNoRow() throws Exception {
        parkAndKeep();

        answer(history.erase(SESSION, new UserId("u2")));
        assertThat(rows()).isEqualTo(1);
        answer(history.erase(SESSION, USER));

        assertThat(rows()).isZero();
    }

    @Test
    void aRunWaitsAsLongAsTheOperatorSays() throws Exception {
        Duration three = Duration.ofDays(3);
        chat.ask("m1");
        Token token = claimed().token();
        answer(journal.begin(intent(token, "try1"), false));

        answer(
                new RedisSessionLog(
                                REDIS.redis(),
                                new Admission(Optional.empty()),
                                Retention.USUAL,
                                three)
                        .append(question("m1", token, 0)));

        Duration left =
                Duration.ofMillis(REDIS.commands().zscore(Keys.OPEN, "s1:m1").longValue())
                        .minusMillis(System.currentTimeMillis());
        assertThat(left).isBetween(three.minusMinutes(1), three);
        assertThat(REDIS.commands().ttl(Keys.tools(SESSION, M1)))
                .isGreaterThan(three.toSeconds()); // its tool calls are remembered as long
    }

    @Test
    void aRunThatWaitedTooLongIsForgotten() throws Exception {
        parkAndKeep();
        loseRedis();
        sql("UPDATE chat_parked SET until = now() - interval '1 second'");

        assertThat(resume(USER, "yes", 1)).isInstanceOf(Resume.Unknown.class);
        answer(history.forget(10));

        assertThat(rows()).isZero();
    }

    @Test
    void whileTheDatabaseIsUnavailableUsersAreAskedButNothingIsAcknowledgedOrContinued()
            throws Exception {
        server.stop();
        park();
        assertThat(chat.transcript()).endsWith("m1/1 status");
        assertThat(answer(log.workState(SESSION, M1))).isInstanceOf(WorkState.AtWork.class);
        assertThat(
                        answer(
                                chat.log()
                                        .resume(
                                                USER,
                                                status("m1", 0, "resumed"),
                                                new UserAnswer("yes", 1))))
                .isInstanceOf(Resume.Resumed.class);
        assertThat(claim()).isInstanceOf(Claim.Busy.class);

        server.restart();

        await().atMost(Duration.ofSeconds(20)).until(() -> claim() instanceof Claim.Claimed);
    }
}
