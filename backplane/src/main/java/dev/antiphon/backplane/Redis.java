package dev.antiphon.backplane;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisConnectionException;
import io.lettuce.core.RedisConnectionStateListener;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.codec.RedisCodec;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.Delay;
import io.lettuce.core.resource.NettyCustomizer;
import io.netty.channel.Channel;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;

/// The only connection of a process to Redis. Calls from all threads share it and are pipelined: they are written as
/// they arrive and flushed together, so a thousand runs that append at once cost a few system calls.
///
/// The client can send a call twice if the connection breaks before the answer, and one of the two can then fail
/// although Redis did the work. For this reason all our scripts can be repeated.
public final class Redis implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Redis.class);

    /// More concurrent calls than this are refused. At 20,000 calls a second this is half a second of work: Redis is
    /// then too slow or unavailable.
    private static final int MAX_CALLS = 10_000;

    private static final Duration RECONNECT_LEAST = Duration.ofMillis(50);
    private static final Duration RECONNECT_MOST = Duration.ofMillis(500);

    private final RedisSettings settings;
    private final ClientResources resources;
    private final RedisClient client;
    private final StatefulRedisConnection<String, byte[]> connection;
    private final RedisAsyncCommands<String, byte[]> commands;
    private final ExecutorService flusher =
            Executors.newSingleThreadExecutor(
                    Thread.ofPlatform().name("redis-flush").daemon().factory());
    private final AtomicBoolean flushing = new AtomicBoolean();
    private final AtomicBoolean closed = new AtomicBoolean();
    private final RedisWatch watch;
    private final AtomicReference<@Nullable Channel> channel;
    private volatile boolean connected = true;
    private volatile long connectedAt = System.nanoTime();

    private Redis(
            RedisSettings settings,
            ClientResources resources,
            RedisClient client,
            StatefulRedisConnection<String, byte[]> connection,
            AtomicReference<@Nullable Channel> channel,
            RedisWatch.Pace pace) {
        this.settings = settings;
        this.channel = channel;
        this.watch = new RedisWatch(this, settings.address(), pace);
        this.resources = resources;
        this.client = client;
        this.connection = connection;
        this.commands = connection.async();
        connection.addListener(
                new RedisConnectionStateListener() {
                    @Override
                    public void onRedisConnected(
                            RedisChannelHandler<?, ?> handler, SocketAddress address) {
                        connectedAt = System.nanoTime();
                        connected = true;
                        LOG.atInfo()
                                .addKeyValue("address", settings.address())
                                .log("Redis available again");
                        // For calls written meanwhile: Lettuce alone sends only those that were
                        // in flight.
                        flushSoon();
                    }

                    @Override
                    public void onRedisDisconnected(RedisChannelHandler<?, ?> handler) {
                        // Also called when a connection is cut before it is usable.
                        boolean news = connected;
                        connected = false;
                        if (news && !closed.get()) {
                            LOG.atWarn()
                                    .addKeyValue("address", settings.address())
                                    .log("Redis unavailable, reconnecting");
                        }
                    }
                });
    }

    /// Connects; waits until Redis is available and does work, and logs this once. Warns when Redis would lose
    /// everything when it stops, or single keys when it is full.
    ///
    /// @throws Unavailable when Redis refuses the connection permanently
    /// @throws InterruptedException when interrupted while waiting
    public static Redis open(RedisSettings settings) throws InterruptedException {
        return open(settings, RedisWatch.Pace.USUAL);
    }

    static Redis open(RedisSettings settings, RedisWatch.Pace pace) throws InterruptedException {
        AtomicReference<@Nullable Channel> channel = new AtomicReference<>();
        ClientResources resources =
                ClientResources.builder()
                        .nettyCustomizer(
                                new NettyCustomizer() {
                                    @Override
                                    public void afterChannelInitialized(Channel opened) {
                                        channel.set(opened);
                                    }
                                })
                        .ioThreadPoolSize(2) // the minimum of Lettuce; one connection uses one
                        .computationThreadPoolSize(2)
                        .reconnectDelay(
                                Delay.exponential(
                                        RECONNECT_LEAST.toMillis(),
                                        RECONNECT_MOST.toMillis(),
                                        TimeUnit.MILLISECONDS,
                                        2))
                        .build();
        RedisClient client = RedisClient.create(resources, uri(settings));
        client.setOptions(
                ClientOptions.builder()
                        .timeoutOptions(TimeoutOptions.enabled(settings.timeout()))
                        .requestQueueSize(MAX_CALLS)
                        .build());
        StatefulRedisConnection<String, byte[]> connection;
        try {
            connection = connect(client, settings);
        } catch (RuntimeException | InterruptedException e) {
            shutdown(client, resources);
            throw e;
        }
        connection.setAutoFlushCommands(false);
        Redis redis = new Redis(settings, resources, client, connection, channel, pace);
        try {
            redis.awaitWork();
        } catch (RuntimeException | InterruptedException e) {
            redis.close();
            throw e;
        }
        redis.warnWithoutAof();
        redis.warnOfEviction();
        redis.watch.begin();
        return redis;
    }

    /// Waits until Redis does some work. Stops the start, with the reason, if Redis never will.
    private void awaitWork() throws InterruptedException {
        boolean said = false;
        while (true) {
            try {
                watch.work().get();
                return;
            } catch (ExecutionException e) {
                Throwable cause = unwrap(e);
                if (!(cause instanceof Unavailable)) {
                    throw unusable(cause);
                }
                if (!said) {
                    LOG.atWarn()
                            .addKeyValue("address", settings.address())
                            .addKeyValue("reason", cause.getMessage())
                            .log("waiting for Redis");
                    said = true;
                }
                if (watch.state() == RedisState.READ_ONLY) {
                    connectAgain("it is a replica");
                }
                TimeUnit.MILLISECONDS.sleep(RECONNECT_MOST.toMillis());
            }
        }
    }

    private Unavailable unusable(Throwable failure) {
        if (failure.getCause() instanceof RedisCommandExecutionException refused
                && Refusal.of(refused).isOfACluster()) {
            return new Unavailable(
                    settings.address()
                            + " is a Redis Cluster ("
                            + refused.getMessage()
                            + "); all keys must be on one primary: use a Redis without cluster mode, with replicas if you like",
                    failure);
        }
        return new Unavailable(
                settings.address() + " refused the connection: " + rootMessage(failure), failure);
    }

    /// Closes the connection, so that the next one leads to the server that is now behind the address. The client sends
    /// the calls in flight again there.
    void connectAgain(String reason) {
        Channel open = channel.get();
        if (open != null) {
            LOG.atDebug()
                    .addKeyValue("address", settings.address())
                    .addKeyValue("reason", reason)
                    .log("reconnecting to Redis");
            var _ = open.close(); // Lettuce notices and connects
        }
    }

    static RedisURI uri(RedisSettings settings) {
        RedisURI.Builder uri =
                RedisURI.Builder.redis(settings.host(), settings.port())
                        .withTimeout(settings.timeout());
        if (settings.password() != null) {
            uri.withPassword(settings.password().toCharArray());
        }
        return uri.build();
    }

    private static StatefulRedisConnection<String, byte[]> connect(
            RedisClient client, RedisSettings settings) throws InterruptedException {
        RedisCodec<String, byte[]> codec = RedisCodec.of(StringCodec.UTF8, ByteArrayCodec.INSTANCE);
        boolean said = false;
        while (true) {
            try {
                return client.connect(codec);
            } catch (RedisConnectionException e) {
                if (refusesForGood(e)) {
                    throw new Unavailable(
                            settings.address()
                                    + " refused the connection: "
                                    + rootMessage(e)
                                    + "; check REDIS_PASSWORD",
                            e);
                }
                if (!said) {
                    LOG.atWarn()
                            .addKeyValue("address", settings.address())
                            .addKeyValue("reason", rootMessage(e))
                            .log("waiting for Redis");
                    said = true;
                }
                TimeUnit.MILLISECONDS.sleep(RECONNECT_MOST.toMillis());
            }
        }
    }

    /// A wrong password does not become right by waiting.
    private static boolean refusesForGood(Throwable e) {
        String message = rootMessage(e);
        return message.startsWith("NOAUTH")
                || message.startsWith("WRONGPASS")
                || message.startsWith("ERR AUTH");
    }

    private static String rootMessage(Throwable e) {
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return String.valueOf(root.getMessage());
    }

    /// Calls a script.
    ///
    /// @return the script's answer: longs, byte arrays and lists of them; fails as {@link #send}
    public CompletionStage<List<Object>> call(Script script, String[] keys, byte[]... arguments) {
        CompletionStage<List<Object>> answer =
                send(commands ->
                        commands.evalsha(script.sha1(), ScriptOutputType.MULTI, keys, arguments));
        return answer.exceptionallyCompose(failure ->
                unwrap(failure) instanceof RedisNoScriptException
                        ? this.<List<Object>>send(commands ->
                                commands.eval(
                                        script.text(), ScriptOutputType.MULTI, keys, arguments))
                        : CompletableFuture.failedStage(failure));
    }

    /// Sends one command. The answer arrives on a thread of the client and must not block it. Fails with {@link
    /// Unavailable} when Redis does not do it now; a retry can help. Fails with {@link IllegalStateException} when
    /// Redis will never do it: a broken script, or a key under which another program has put something else.
    public <T> CompletionStage<T> send(
            Function<RedisAsyncCommands<String, byte[]>, RedisFuture<T>> command) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        RedisFuture<T> sent;
        try {
            sent = command.apply(commands);
        } catch (RuntimeException e) {
            return CompletableFuture.failedStage(unavailable(e));
        }
        sent.whenComplete((value, failure) -> {
            if (failure == null) {
                watch.answered();
                answer.complete(value);
            } else {
                answer.completeExceptionally(failure(unwrap(failure)));
            }
        });
        flushSoon();
        return answer;
    }

    /// One flush sends all calls written until it runs.
    private void flushSoon() {
        if (flushing.compareAndSet(false, true)) {
            try {
                flusher.execute(() -> {
                    flushing.set(false);
                    connection.flushCommands();
                });
            } catch (RejectedExecutionException e) {
                LOG.atTrace().log("closed"); // closed, so the call has failed
            }
        }
    }

    private RuntimeException failure(Throwable cause) {
        return switch (cause) {
            case RedisNoScriptException noScript -> noScript; // for call()
            case RedisCommandExecutionException refused -> refused(refused);
            default -> unavailable(cause);
        };
    }

    private RuntimeException refused(RedisCommandExecutionException error) {
        Refusal refusal = Refusal.of(error);
        watch.refused(refusal);
        if (refusal.code().equals(Refusal.FULL)) {
            return new RedisFull(settings.address() + " is full: " + error.getMessage(), error);
        }
        return refusal.passes()
                ? unavailable(error)
                : new IllegalStateException(
                        settings.address() + " refused the call: " + error.getMessage(), error);
    }

    private Unavailable unavailable(Throwable cause) {
        return new Unavailable(
                settings.address() + " is unavailable: " + cause.getMessage(), cause);
    }

    static Throwable unwrap(Throwable failure) {
        return (failure instanceof CompletionException || failure instanceof ExecutionException)
                        && failure.getCause() != null
                ? failure.getCause()
                : failure;
    }

    /// Whether a connection is open right now. Any thread.
    public boolean connected() {
        return connected;
    }

    /// The state of Redis, at most a second old. Any thread.
    public RedisState state() {
        return watch.state();
    }

    long connectedAt() {
        return connectedAt;
    }

    /// How long the connection has been open; zero while it is not. Any thread.
    public Duration connectedFor() {
        return connected ? Duration.ofNanos(System.nanoTime() - connectedAt) : Duration.ZERO;
    }

    private void warnWithoutAof() {
        Map<String, String> setting;
        try {
            setting =
                    send(commands -> commands.configGet("appendonly")).toCompletableFuture().join();
        } catch (CompletionException e) {
            return; // hosted Redis can forbid CONFIG; then its operator has decided
        }
        if ("no".equals(setting.get("appendonly"))) {
            LOG.atWarn()
                    .addKeyValue("address", settings.address())
                    .log(
                            "Redis runs without AOF and forgets every session when it stops; set appendonly yes");
        }
    }

    /// A Redis that is full and evicts keys removes single keys of a conversation.
    private void warnOfEviction() {
        String memory;
        try {
            memory = send(commands -> commands.info("memory")).toCompletableFuture().join();
        } catch (CompletionException e) {
            return; // hosted Redis can forbid INFO; then its operator has decided
        }
        String most = RedisWatch.field(memory, "maxmemory").orElse("0");
        String policy = RedisWatch.field(memory, "maxmemory_policy").orElse("noeviction");
        if (!most.equals("0") && !policy.equals("noeviction")) {
            LOG.atWarn()
                    .addKeyValue("address", settings.address())
                    .addKeyValue("maxmemory", most)
                    .addKeyValue("policy", policy)
                    .log(
                            "Redis evicts keys when it is full, and conversations with them; set maxmemory-policy noeviction");
        }
    }

    /// A part of an answer as text.
    public static String text(Object part) {
        return new String((byte[]) part, StandardCharsets.UTF_8);
    }

    /// Redis sends whole numbers as integers or as digits.
    public static long number(Object part) {
        return part instanceof Long number ? number : Long.parseLong(text(part));
    }

    /// A nested answer.
    @SuppressWarnings("unchecked") // Redis answers hold nothing but longs, byte arrays and lists
    public static List<Object> list(Object part) {
        return (List<Object>) part;
    }

    public static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    public static byte[] bytes(long number) {
        return bytes(Long.toString(number));
    }

    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        watch.close();
        connection.close();
        flusher.close();
        shutdown(client, resources);
    }

    private static void shutdown(RedisClient client, ClientResources resources) {
        client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
        var _ = resources.shutdown(0, 2, TimeUnit.SECONDS);
    }
}
