package dev.antiphon.backplane;

import static dev.antiphon.backplane.RealRedis.answer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.antiphon.backplane.log.Accept;
import dev.antiphon.backplane.log.Chat;
import dev.antiphon.backplane.log.RedisSessionLog;
import dev.antiphon.protocol.Keys;
import dev.antiphon.servers.RedisServer;

import io.lettuce.core.RedisCommandExecutionException;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/// The client's behaviour when Redis is unavailable, comes back, forgets its scripts or refuses calls.
@Timeout(60)
final class RedisTest {

    private static final Duration LONG = Duration.ofSeconds(20);

    private final List<AutoCloseable> opened = new ArrayList<>();

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable each : opened.reversed()) {
            each.close();
        }
    }

    private RedisServer server() {
        RedisServer server = RedisServer.start();
        opened.add(server);
        return server;
    }

    private Redis redis(RedisServer server, Duration timeout) throws InterruptedException {
        return redis(server.port(), null, timeout);
    }

    private Redis redis(int port, @Nullable String password, Duration timeout)
            throws InterruptedException {
        Redis redis = Redis.open(new RedisSettings("127.0.0.1", port, password, timeout));
        opened.add(redis);
        return redis;
    }

    private static CompletionStage<Long> increment(Redis redis) {
        return redis.send(commands -> commands.incr("n"));
    }

    private static void assertFailsWithUnavailable(CompletionStage<?> stage) {
        assertThatThrownBy(() -> answer(stage))
                .isInstanceOf(CompletionException.class)
                .hasCauseInstanceOf(Unavailable.class);
    }

    /// Sends a command on its own connection, as an operator does.
    private static String say(int port, String command) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.getOutputStream().write((command + "\r\n").getBytes(StandardCharsets.US_ASCII));
            byte[] answer = new byte[100];
            int length = socket.getInputStream().read(answer);
            return new String(answer, 0, length, StandardCharsets.US_ASCII).strip();
        }
    }

    // Unavailable and available again

    @Test
    void callsMadeWhileRedisIsUnavailableAreAnsweredWhenItIsBackAndDoneOnce() throws Exception {
        RedisServer server = server();
        Redis redis = redis(server, LONG);
        answer(increment(redis));
        server.kill();
        await().until(() -> !redis.connected());
        List<CompletionStage<Long>> calls = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            calls.add(increment(redis));
        }

        server.restart();

        for (int i = 0; i < 100; i++) {
            assertThat(answer(calls.get(i))).isEqualTo(2 + i);
        }
        assertThat(redis.connected()).isTrue();
        assertThat(answer(increment(redis))).isEqualTo(102);
    }

    @Test
    void aCallThatRedisDoesNotAnswerInTimeFailsAndIsNeverDone() throws Exception {
        RedisServer server = server();
        Redis redis = redis(server, Duration.ofSeconds(1));
        answer(increment(redis));
        server.kill();
        await().until(() -> !redis.connected());

        assertFailsWithUnavailable(increment(redis));

        server.restart();
        await().until(redis::connected);
        assertThat(answer(increment(redis))).isEqualTo(2);
    }

    /// When its connection is cut, Lettuce fails the call that waited longest, and sends all others again. A server
    /// that still reads its file then refuses them. Their number depends on the machine, so they do not count as
    /// cut calls.
    @Test
    void ofManyCallsOneMayFailWhenRedisDiesAndAllOthersAreAnswered() throws Exception {
        RedisServer server = RedisServer.start(RedisServer.Options.temporary().syncingEveryWrite());
        opened.add(server);
        Redis redis = redis(server, LONG);
        List<CompletableFuture<Long>> calls = new ArrayList<>();
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < 1_000; i++) {
                calls.add(increment(redis).toCompletableFuture());
            }
            server.kill();
            for (int i = 0; i < 1_000; i++) {
                calls.add(increment(redis).toCompletableFuture());
            }
            server.restart();
        }

        await().atMost(LONG)
                .untilAsserted(() -> assertThat(calls).allMatch(CompletableFuture::isDone));
        List<CompletableFuture<Long>> failed =
                calls.stream().filter(CompletableFuture::isCompletedExceptionally).toList();
        failed.forEach(RedisTest::assertFailsWithUnavailable);
        assertThat(failed)
                .extracting(call -> call.exceptionNow().getMessage())
                .filteredOn(message -> !message.contains(" is unavailable: LOADING "))
                .hasSizeLessThanOrEqualTo(3);
        assertThat(answer(increment(redis))).isGreaterThanOrEqualTo(6_000 - failed.size());
    }

    @Test
    void moreCallsThanMayBeUnderWayAreRefusedAtOnce() throws Exception {
        RedisServer server = server();
        Redis redis = redis(server, LONG);
        server.kill();
        await().until(() -> !redis.connected());
        List<CompletableFuture<Long>> calls = new ArrayList<>();
        for (int i = 0; i < 12_000; i++) {
            calls.add(increment(redis).toCompletableFuture());
        }

        assertThat(calls).filteredOn(CompletableFuture::isCompletedExceptionally).hasSize(2_000);
        assertFailsWithUnavailable(calls.getLast());
        server.restart();
        assertThat(answer(calls.getFirst())).isOne();
    }

    @Test
    void itIsLoggedOnceThatRedisIsUnavailableHoweverOftenItsConnectionsAreCut() throws Exception {
        RedisServer server = server();
        try (Logged logged = new Logged(Redis.class)) {
            Redis redis = redis(server, LONG);
            server.kill();
            await().until(() -> !redis.connected());
            server.restart();
            await().until(redis::connected);
            server.kill();
            // The warning follows the change of the state.
            await().until(() -> !redis.connected() && logged.warnings().size() > 1);

            assertThat(logged.warnings())
                    .hasSize(2)
                    .allMatch(warning -> warning.startsWith("Redis unavailable"));
        }
    }

    @Test
    void afterItsCloseCallsFailAndClosingTwiceIsFine() throws Exception {
        Redis redis = redis(server(), LONG);
        redis.close();
        redis.close();

        assertFailsWithUnavailable(increment(redis));
    }

    // Scripts

    private static final Script ECHO =
            new Script("echo", "return {KEYS[1], ARGV[1]}", "0".repeat(40));

    @Test
    void aScriptThatRedisDoesNotKnowIsSentToIt() throws Exception {
        RedisServer server = server();
        RedisSessionLog log = new RedisSessionLog(redis(server, LONG));
        answer(log.accept(Chat.request("m1")));
        assertThat(say(server.port(), "SCRIPT FLUSH")).isEqualTo("+OK");
        assertThat(answer(log.accept(Chat.request("m2")))).isInstanceOf(Accept.Accepted.class);

        server.kill();
        server.restart();

        assertThat(answer(log.accept(Chat.request("m3"))))
                .isInstanceOfSatisfying(
                        Accept.Accepted.class,
                        third -> assertThat(third.waitingBefore()).isEqualTo(2));
    }

    @Test
    void manyCallsOfAForgottenScriptAreAllAnswered() throws Exception {
        Redis redis = redis(server(), LONG);
        List<CompletionStage<List<Object>>> calls = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            calls.add(redis.call(ECHO, new String[] {"k" + i}, Redis.bytes(i)));
        }

        for (int i = 0; i < calls.size(); i++) {
            List<Object> said = answer(calls.get(i));
            assertThat(Redis.text(said.get(0))).isEqualTo("k" + i);
            assertThat(Redis.number(said.get(1))).isEqualTo(i);
        }
    }

    /// Otherwise each call would be sent twice forever.
    @Test
    void aScriptHasTheNameThatRedisGivesIt() throws Exception {
        Script joined =
                Script.load(RedisSessionLog.class, "looks.lua", "entries.lua", "accept.lua");
        Redis redis = redis(server(), LONG);

        String name = answer(redis.send(commands -> commands.scriptLoad(joined.text())));

        assertThat(name).isEqualTo(joined.sha1());
    }

    // Refusals

    @Test
    void aKeyOfAnotherTypeIsAPermanentFailure() throws Exception {
        RedisServer server = server();
        RedisSessionLog log = new RedisSessionLog(redis(server, LONG));
        say(server.port(), "SET " + Keys.connections(Chat.SESSION) + " mine");

        assertThatThrownBy(() -> answer(log.accept(Chat.request("m1"))))
                .hasCauseInstanceOf(IllegalStateException.class)
                .hasMessageContaining("WRONGTYPE");
    }

    @Test
    void aRedisThatCannotWriteNowIsAReasonToTryAgain() throws Exception {
        RedisServer server = server();
        RedisSessionLog log = new RedisSessionLog(redis(server, LONG));
        say(server.port(), "CONFIG SET maxmemory 1");
        assertFailsWithUnavailable(log.accept(Chat.request("m1")));

        say(server.port(), "CONFIG SET maxmemory 0");
        assertThat(answer(log.accept(Chat.request("m1")))).isInstanceOf(Accept.Accepted.class);
        say(server.port(), "REPLICAOF 127.0.0.1 1");
        assertFailsWithUnavailable(log.accept(Chat.request("m2")));
    }

    // Work

    /// Fast enough for a test.
    private Redis watched(int port) throws InterruptedException {
        Redis redis =
                Redis.open(
                        new RedisSettings("127.0.0.1", port, null, Duration.ofSeconds(1)),
                        new RedisWatch.Pace(Duration.ofMillis(100), Duration.ofSeconds(2), 1));
        opened.add(redis);
        return redis;
    }

    @Test
    void aRedisThatHasBecomeAReplicaIsLeftForTheNewPrimaryBehindTheSameAddress() throws Exception {
        RedisServer old = server();
        RedisServer next = server();
        Forwarder address = new Forwarder(old.port());
        opened.add(address);
        Redis redis = watched(address.port());
        answer(increment(redis));

        say(old.port(), "REPLICAOF 127.0.0.1 " + next.port());
        await().until(() -> redis.state() == RedisState.READ_ONLY);
        assertThat(redis.state()).isNotEqualTo(RedisState.WELL);
        address.leadTo(next.port());

        await().until(() -> redis.state() == RedisState.WELL);
        answer(increment(redis));
        assertThat(say(next.port(), "EXISTS n")).isEqualTo(":1");
    }

    @Test
    void aConnectionOnWhichNothingIsAnsweredIsLeft() throws Exception {
        RedisServer old = server();
        RedisServer next = server();
        Forwarder address = new Forwarder(old.port());
        opened.add(address);
        Redis redis = watched(address.port());
        say(next.port(), "SET n 41");
        address.leadTo(next.port());

        say(old.port(), "CLIENT PAUSE 60000 ALL");

        await().until(() -> redis.state() == RedisState.UNAVAILABLE);
        await().until(() -> redis.state() == RedisState.WELL);
        assertThat(answer(increment(redis))).isEqualTo(42);
    }

    @Test
    void aFullRedisIsReportedAsFullAndNotAsUnavailable() throws Exception {
        RedisServer server = server();
        Redis redis = watched(server.port());
        try (Logged logged = new Logged(RedisWatch.class)) {
            say(server.port(), "CONFIG SET maxmemory 1");
            await().until(() -> redis.state() == RedisState.FULL);
            assertThatThrownBy(() -> answer(increment(redis)))
                    .hasCauseInstanceOf(RedisFull.class)
                    .hasMessageContaining(" is full: OOM");

            say(server.port(), "CONFIG SET maxmemory 0");
            await().until(() -> redis.state() == RedisState.WELL);
            assertThat(answer(increment(redis))).isOne();
            assertThat(logged.warnings())
                    .hasSize(1)
                    .allMatch(warning -> warning.startsWith("Redis is full"));
        }
    }

    @Test
    void keysThatRedisEvictsAreSaid() throws Exception {
        RedisServer server = server();
        Redis redis = watched(server.port());
        try (Logged logged = new Logged(RedisWatch.class)) {
            answer(increment(redis));
            say(server.port(), "CONFIG SET maxmemory-policy allkeys-random");
            say(server.port(), "CONFIG SET maxmemory 1");

            await().untilAsserted(() ->
                    assertThat(logged.warnings())
                            .anyMatch(warning -> warning.startsWith("Redis has evicted keys")));
        }
    }

    @Test
    void aRefusalIsPermanentUnlessItIsKnownToPass() {
        assertThat(Refusal.of(error("OOM command not allowed")).passes()).isTrue();
        assertThat(Refusal.of(error("LOADING Redis is loading")).passes()).isTrue();
        assertThat(
                        Refusal.of(
                                        error(
                                                "ERR Error running script (call to f_1): @user_script:5: @user_script: 5: -READONLY You can't write against a read only replica."))
                                .code())
                .isEqualTo("READONLY");
        assertThat(Refusal.of(error("CROSSSLOT Keys in request")).passes()).isFalse();
        assertThat(Refusal.of(error("NOPERM this user has no permissions")).passes()).isFalse();
        assertThat(Refusal.of(error("ERR unknown command")).passes()).isFalse();
        assertThat(Refusal.of(error("SOMETHING new")).passes()).isFalse();
    }

    private static RedisCommandExecutionException error(String message) {
        return new RedisCommandExecutionException(message);
    }

    // Opening

    @Test
    void aRedisClusterStopsTheStartWithOneClearLine() throws Exception {
        RedisServer cluster =
                RedisServer.start(RedisServer.Options.temporary().with("--cluster-enabled", "yes"));
        opened.add(cluster);
        for (String withSlots : List.of("CLUSTER INFO", "CLUSTER ADDSLOTSRANGE 0 16383")) {
            say(cluster.port(), withSlots);
            assertThatThrownBy(() -> redis(cluster, LONG))
                    .isInstanceOf(Unavailable.class)
                    .hasMessageContaining("is a Redis Cluster")
                    .hasMessageContaining("use a Redis without cluster mode");
        }
    }

    @Test
    void aRedisThatEvictsIsWarnedOf() throws Exception {
        RedisServer server = server();
        say(server.port(), "CONFIG SET maxmemory 100mb");
        try (Logged logged = new Logged(Redis.class)) {
            redis(server, LONG);
            assertThat(logged.warnings()).isEmpty();
            say(server.port(), "CONFIG SET maxmemory-policy volatile-lru");
            redis(server, LONG);

            assertThat(logged.warnings())
                    .hasSize(1)
                    .allMatch(warning ->
                            warning.startsWith("Redis evicts keys when it is full")
                                    && warning.contains("noeviction"));
        }
    }

    @Test
    void aReplicaIsWaitedForUntilItIsAPrimary() throws Exception {
        RedisServer server = server();
        say(server.port(), "REPLICAOF 127.0.0.1 1");
        try (Logged logged = new Logged(Redis.class)) {
            CompletableFuture<Redis> opening = new CompletableFuture<>();
            Thread.ofVirtual()
                    .start(() -> {
                        try {
                            opening.complete(redis(server, LONG));
                        } catch (InterruptedException | RuntimeException e) {
                            opening.completeExceptionally(e);
                        }
                    });
            await().until(() ->
                    logged.warnings().stream()
                            .anyMatch(warning -> warning.startsWith("waiting for Redis")));

            say(server.port(), "REPLICAOF NO ONE");

            assertThat(answer(increment(answer(opening)))).isOne();
        }
    }

    @Test
    void aRedisThatComesLaterIsWaitedForAndThatIsSaidOnce() throws Exception {
        int port;
        try (RedisServer gone = RedisServer.start()) {
            port = gone.port();
        }
        try (Logged logged = new Logged(Redis.class)) {
            CompletableFuture<Redis> opening = new CompletableFuture<>();
            Thread.ofVirtual()
                    .start(() -> {
                        try {
                            opening.complete(redis(port, null, LONG));
                        } catch (InterruptedException | RuntimeException e) {
                            opening.completeExceptionally(e);
                        }
                    });
            await().until(() -> !logged.warnings().isEmpty());
            opened.add(RedisServer.start(RedisServer.Options.temporary().onPort(port)));

            assertThat(answer(increment(opening.get()))).isOne();
            assertThat(logged.warnings())
                    .hasSize(1)
                    .allMatch(warning -> warning.startsWith("waiting for Redis"));
        }
    }

    @Test
    void aRedisWithoutAofIsWarnedOfOnce() throws Exception {
        RedisServer forgetful =
                RedisServer.start(RedisServer.Options.temporary().withoutAppendOnly());
        opened.add(forgetful);
        try (Logged logged = new Logged(Redis.class)) {
            Redis redis = redis(forgetful, LONG);
            assertThat(answer(increment(redis))).isOne();

            assertThat(logged.warnings())
                    .hasSize(1)
                    .allMatch(warning ->
                            warning.startsWith("Redis runs without AOF")
                                    && warning.contains("redis://127.0.0.1"));
        }
    }

    @Test
    void aRedisWithAofIsNotWarnedOf() throws Exception {
        try (Logged logged = new Logged(Redis.class)) {
            redis(server(), LONG);

            assertThat(logged.warnings()).isEmpty();
        }
    }

    @Test
    void aWrongOrMissingPasswordStopsTheStart() throws Exception {
        RedisServer server = server();
        say(server.port(), "CONFIG SET requirepass right");

        assertThatThrownBy(() -> redis(server.port(), "wrong", LONG))
                .isInstanceOf(Unavailable.class)
                .hasMessageStartingWith(server.url() + " refused the connection: WRONGPASS")
                .hasMessageEndingWith("; check REDIS_PASSWORD")
                .hasMessageNotContaining("wrong;");
        assertThatThrownBy(() -> redis(server.port(), null, LONG))
                .isInstanceOf(Unavailable.class)
                .hasMessageContaining("NOAUTH");
        assertThat(answer(increment(redis(server.port(), "right", LONG)))).isOne();
    }
}
