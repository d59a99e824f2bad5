package dev.antiphon.backplane;

import dev.antiphon.servers.RedisServer;

import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A redis-server for one test class, empty before each test, and two connections to it: ours, and one that looks at
/// the stored data.
public final class RealRedis implements BeforeAllCallback, BeforeEachCallback, AfterAllCallback {

    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    private @Nullable RedisServer server;
    private @Nullable Redis redis;
    private @Nullable RedisClient client;
    private @Nullable StatefulRedisConnection<String, String> connection;

    @Override
    public void beforeAll(ExtensionContext context) throws Exception {
        server = RedisServer.start();
        redis = Redis.open(settings());
        client = RedisClient.create(server.url());
        connection = client.connect();
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        commands().flushall();
    }

    @Override
    public void afterAll(ExtensionContext context) {
        if (client != null) {
            client.shutdown(Duration.ZERO, TIMEOUT);
        }
        if (redis != null) {
            redis.close();
        }
        if (server != null) {
            server.close();
        }
    }

    public RedisServer server() {
        return Objects.requireNonNull(server);
    }

    public Redis redis() {
        return Objects.requireNonNull(redis);
    }

    public RedisSettings settings() {
        return new RedisSettings("127.0.0.1", server().port(), null, TIMEOUT);
    }

    /// The stored data, without our own code.
    public RedisCommands<String, String> commands() {
        return Objects.requireNonNull(connection).sync();
    }

    /// How often the server has executed a command, calls in scripts included.
    public long calls(String command) {
        Matcher calls =
                Pattern.compile("cmdstat_" + command + ":calls=(\\d+)")
                        .matcher(commands().info("commandstats"));
        return calls.find() ? Long.parseLong(calls.group(1)) : 0;
    }

    /// Waits for a stage.
    public static <T> T answer(CompletionStage<T> stage) {
        return stage.toCompletableFuture().orTimeout(20, TimeUnit.SECONDS).join();
    }
}
