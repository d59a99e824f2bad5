package dev.antiphon.backplane;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.codec.RedisCodec;
import io.lettuce.core.codec.StringCodec;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;

/// Calls whose effect counts only when replicas of Redis have it too (`WAIT`), so that a failover to one of them does
/// not undo it.
///
/// They have their own connection for two reasons. `WAIT` blocks everything behind it on its connection. And it counts
/// only the writes of its own connection: on a connection that was established again in between, it would answer at
/// once, about nothing. So this connection is never re-established during a call; after a failure the next call opens
/// another one.
public final class ReplicatedRedis implements AutoCloseable {

    /// The longest time for one `WAIT`; callers retry a failed call.
    private static final Duration WAITS = Duration.ofSeconds(1);

    /// Concurrent calls; more are refused.
    private static final int MAX_CALLS = 1_000;

    private final RedisSettings settings;
    private final int replicas;
    private final RedisClient client;

    private final AtomicReference<
                    @Nullable CompletableFuture<StatefulRedisConnection<String, byte[]>>>
            opened = new AtomicReference<>();

    /// Connects with the first call.
    ///
    /// @param replicas how many must have a call's effect, 1 or more
    public ReplicatedRedis(RedisSettings settings, int replicas) {
        this.settings = settings;
        this.replicas = replicas;
        this.client = RedisClient.create();
        client.setOptions(
                ClientOptions.builder()
                        .autoReconnect(false)
                        .timeoutOptions(TimeoutOptions.enabled(settings.timeout()))
                        .requestQueueSize(MAX_CALLS)
                        .build());
    }

    /// Calls a script, which can be repeated, and waits until the replicas have its writes. Does not block.
    ///
    /// @param hasWritten whether an answer means that there is something to wait for
    /// @return the script's answer. Fails with {@link Unavailable} when Redis does not do it now or too few replicas
    ///     have it: retry the call. Fails with {@link IllegalStateException} when Redis will never do it
    public CompletionStage<List<Object>> call(
            Script script, Predicate<List<Object>> hasWritten, String[] keys, byte[]... arguments) {
        CompletableFuture<StatefulRedisConnection<String, byte[]>> connection = connection();
        return connection
                .thenCompose(each -> answered(each, script, hasWritten, keys, arguments))
                .exceptionallyCompose(failure -> {
                    Throwable cause = Redis.unwrap(failure);
                    if (cause instanceof Unavailable) {
                        return CompletableFuture.failedStage(cause); // too few replicas
                    }
                    forget(connection);
                    return CompletableFuture.failedStage(told(cause));
                });
    }

    private CompletionStage<List<Object>> answered(
            StatefulRedisConnection<String, byte[]> connection,
            Script script,
            Predicate<List<Object>> hasWritten,
            String[] keys,
            byte[]... arguments) {
        CompletionStage<List<Object>> answer =
                connection.async().evalsha(script.sha1(), ScriptOutputType.MULTI, keys, arguments);
        return answer.exceptionallyCompose(failure ->
                        Redis.unwrap(failure) instanceof RedisNoScriptException
                                ? connection
                                        .async()
                                        .eval(
                                                script.text(),
                                                ScriptOutputType.MULTI,
                                                keys,
                                                arguments)
                                : CompletableFuture.failedStage(failure))
                .thenCompose(told ->
                        hasWritten.test(told)
                                ? replicated(connection).thenApply(_ -> told)
                                : CompletableFuture.completedStage(told));
    }

    private CompletionStage<Long> replicated(StatefulRedisConnection<String, byte[]> connection) {
        return connection
                .async()
                .waitForReplication(replicas, WAITS.toMillis())
                .thenApply(have -> {
                    if (have < replicas) {
                        throw new Unavailable(
                                settings.address()
                                        + ": only "
                                        + have
                                        + " replicas have it, but CHAT_REDIS_WAIT asks for "
                                        + replicas,
                                null);
                    }
                    return have;
                });
    }

    private CompletableFuture<StatefulRedisConnection<String, byte[]>> connection() {
        CompletableFuture<StatefulRedisConnection<String, byte[]>> fresh =
                new CompletableFuture<>();
        CompletableFuture<StatefulRedisConnection<String, byte[]>> known =
                opened.compareAndExchange(null, fresh);
        if (known != null) {
            return known;
        }
        var _ =
                client.connectAsync(
                                RedisCodec.of(StringCodec.UTF8, ByteArrayCodec.INSTANCE),
                                Redis.uri(settings))
                        .whenComplete((connection, failure) -> {
                            if (failure == null) {
                                fresh.complete(connection);
                            } else {
                                fresh.completeExceptionally(failure);
                            }
                        });
        return fresh;
    }

    /// The next call opens another connection.
    private void forget(CompletableFuture<StatefulRedisConnection<String, byte[]>> broken) {
        if (opened.compareAndSet(broken, null)) {
            var _ = broken.thenCompose(StatefulRedisConnection::closeAsync);
        }
    }

    private RuntimeException told(Throwable cause) {
        return cause instanceof RedisCommandExecutionException refused
                        && !Refusal.of(refused).passes()
                ? new IllegalStateException(
                        settings.address() + " refused the call: " + refused.getMessage(), refused)
                : new Unavailable(
                        settings.address() + " is unavailable: " + cause.getMessage(), cause);
    }

    @Override
    public void close() {
        client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
    }
}
