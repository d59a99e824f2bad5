package dev.antiphon.backplane;

import io.lettuce.core.RedisCommandExecutionException;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/// Judges Redis once a second by the work that it does: a connection can stay open while nothing can be written.
/// Closes a connection that leads to a replica, or on which nothing is answered, because the address might now lead to
/// another server.
final class RedisWatch implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(RedisWatch.class);

    private static final Script WORK = Script.load(RedisWatch.class, "work.lua");
    private static final String[] KEYS = {"chat:probe:1", "chat:probe:2"};

    /// How often Redis is checked.
    ///
    /// @param every from one check to the next
    /// @param silent how long a connection may stay without an answer; a server that is merely slow answers
    ///     something sooner
    /// @param looksPerCount checks from one count of the evicted keys to the next
    record Pace(Duration every, Duration silent, int looksPerCount) {
        static final Pace USUAL = new Pace(Duration.ofSeconds(1), Duration.ofSeconds(15), 30);
    }

    private final Redis redis;
    private final String address;
    private final Pace pace;
    private final ScheduledExecutorService thread =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().name("redis-watch").daemon().factory());

    private volatile RedisState judged = RedisState.WELL;
    private volatile long answeredAt = System.nanoTime();
    private volatile boolean asking;

    // Only for the one thread.
    private int looks;
    private long evicted = -1;

    RedisWatch(Redis redis, String address, Pace pace) {
        this.redis = redis;
        this.address = address;
        this.pace = pace;
    }

    void begin() {
        lookForEvictedKeys(); // keys that were evicted before our start do not count
        var _ =
                thread.scheduleWithFixedDelay(
                        this::look,
                        pace.every().toMillis(),
                        pace.every().toMillis(),
                        TimeUnit.MILLISECONDS);
    }

    RedisState state() {
        return redis.connected() ? judged : RedisState.UNAVAILABLE;
    }

    /// Some call was answered. Any thread.
    void answered() {
        answeredAt = System.nanoTime();
    }

    /// Some call was refused. Any thread.
    void refused(Refusal refusal) {
        answered();
        if (refusal.code().equals(Refusal.FULL)) {
            judge(RedisState.FULL, "OOM");
        } else if (refusal.code().equals(Refusal.READ_ONLY)) {
            judge(RedisState.READ_ONLY, "READONLY");
        }
    }

    /// Lets Redis do a small piece of work of the same kind as all our calls.
    CompletableFuture<?> work() {
        return redis.call(WORK, KEYS).toCompletableFuture();
    }

    private void look() {
        if (!redis.connected()) {
            return;
        }
        long silentSince = Math.max(answeredAt, redis.connectedAt());
        if (System.nanoTime() - silentSince > pace.silent().toNanos()) {
            redis.connectAgain("no answer for " + pace.silent().toSeconds() + " s");
        } else if (judged == RedisState.READ_ONLY) {
            redis.connectAgain("it is a replica");
        }
        if (!asking) {
            asking = true;
            var _ =
                    work().whenComplete((_, failure) -> {
                        asking = false;
                        judge(failure);
                    });
        }
        looks++;
        if (looks % pace.looksPerCount() == 0) {
            lookForEvictedKeys();
        }
    }

    private void judge(Throwable failure) {
        if (failure == null) {
            judge(RedisState.WELL, "");
            return;
        }
        Throwable cause = Redis.unwrap(failure);
        switch (cause) {
            case RedisFull _ -> {} // judged when it was refused
            default -> {
                boolean readOnly =
                        cause.getCause() instanceof RedisCommandExecutionException refused
                                && Refusal.of(refused).code().equals(Refusal.READ_ONLY);
                if (!readOnly) {
                    judge(RedisState.UNAVAILABLE, String.valueOf(cause.getMessage()));
                }
            }
        }
    }

    private synchronized void judge(RedisState state, String reason) {
        RedisState before = judged;
        judged = state;
        if (state == before) {
            return;
        }
        switch (state) {
            case WELL ->
                    LOG.atInfo()
                            .addKeyValue("address", address)
                            .addKeyValue("was", before.name().toLowerCase(Locale.ROOT))
                            .log("Redis works again");
            case FULL ->
                    LOG.atError()
                            .addKeyValue("address", address)
                            .addKeyValue("reason", reason)
                            .log("Redis is full and refuses writes; raise maxmemory");
            case READ_ONLY ->
                    LOG.atWarn()
                            .addKeyValue("address", address)
                            .addKeyValue("reason", reason)
                            .log("Redis has become a replica and refuses writes; reconnecting");
            case UNAVAILABLE -> {
                if (redis.connected()) { // otherwise the loss of the connection is logged
                    LOG.atWarn()
                            .addKeyValue("address", address)
                            .addKeyValue("reason", reason)
                            .log("Redis does not respond although its connection is open");
                }
            }
        }
    }

    /// Redis does not report evictions to its clients.
    private void lookForEvictedKeys() {
        var _ =
                redis.send(commands -> commands.info("stats"))
                        .thenAcceptAsync(
                                stats -> field(stats, "evicted_keys").ifPresent(this::evicted),
                                thread)
                        .exceptionally(failure -> {
                            LOG.atDebug()
                                    .setCause(failure)
                                    .log("reading the count of evicted keys failed");
                            return null;
                        });
    }

    private void evicted(String count) {
        long now = Long.parseLong(count);
        if (evicted >= 0 && now > evicted) {
            LOG.atError()
                    .addKeyValue("address", address)
                    .addKeyValue("keys", now - evicted)
                    .log(
                            "Redis has evicted keys, so conversations are lost or begin again; set maxmemory-policy noeviction and raise maxmemory");
        }
        evicted = now;
    }

    /// One line of the answer to INFO.
    static Optional<String> field(String info, String name) {
        return info.lines()
                .filter(line -> line.startsWith(name + ":"))
                .map(line -> line.substring(name.length() + 1).strip())
                .findFirst();
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
