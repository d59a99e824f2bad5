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

/// The client: what it does when Redis is away, comes back, forgets its scripts or refuses.
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

    /// Says something over a connection of its own, as an operator does.
    private static String say(int port, String command) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.getOutputStream().write((command + "\r\n").getBytes(StandardCharsets.US_ASCII));
            byte[] answer = new byte[100];
            int length = socket.getInputStream().read(answer);
            return new String(answer, 0, length, StandardCharsets.US_ASCII).strip();
        }
    }

    // Away and back

    @Test
    void callsMadeWhileRedisIsAwayAreAnsweredWhenItIsBackAndDoneOnce() throws Exception {
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

    /// When its connection is cut, Lettuce fails the one call that waited longest, and sends all others again.
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

        await().untilAsserted(() -> assertThat(calls).allMatch(CompletableFuture::isDone));
        List<CompletableFuture<Long>> failed =
                calls.stream().filter(CompletableFuture::isCompletedExceptionally).toList();
        assertThat(failed).hasSizeLessThanOrEqualTo(3);
        failed.forEach(RedisTest::assertFailsWithUnavailable);
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
    void itIsSaidOnceThatRedisIsAwayHoweverOftenItsConnectionsAreCut() throws Exception {
        RedisServer server = server();
        try (Logged logged = new Logged(Redis.class)) {
            Redis redis = redis(server, LONG);
            server.kill();
            await().until(() -> !redis.connected());
            server.restart();
            await().until(redis::connected);
            server.kill();
            await().until(() -> !redis.connected());

            assertThat(logged.warnings())
                    .hasSize(2)
                    .allMatch(warning -> warning.startsWith("Redis is away"));
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

    /// Else each call would be sent twice for ever.
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
    void aKeyThatOthersUseForSomethingElseIsNoReasonToTryAgain() throws Exception {
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

    // Opening

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
                .hasMessageStartingWith(server.url() + " refuses us: WRONGPASS")
                .hasMessageEndingWith("; check REDIS_PASSWORD")
                .hasMessageNotContaining("wrong;");
        assertThatThrownBy(() -> redis(server.port(), null, LONG))
                .isInstanceOf(Unavailable.class)
                .hasMessageContaining("NOAUTH");
        assertThat(answer(increment(redis(server.port(), "right", LONG)))).isOne();
    }
}
