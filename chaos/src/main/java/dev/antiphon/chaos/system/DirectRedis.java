package dev.antiphon.chaos.system;

import io.lettuce.core.KeyScanArgs;
import io.lettuce.core.Range;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScanIterator;
import io.lettuce.core.StreamMessage;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/// Reads Redis without the proxies, with the keys of PROTOCOL.md §8. Fails with {@link RedisException} while Redis is
/// down. Any thread; blocks.
public final class DirectRedis implements AutoCloseable {

    private static final Duration TIMEOUT = Duration.ofSeconds(5);
    private static final int SCANNED_AT_ONCE = 1_000;

    private final RedisClient client;
    private final StatefulRedisConnection<String, String> connection;

    private DirectRedis(RedisClient client, StatefulRedisConnection<String, String> connection) {
        this.client = client;
        this.connection = connection;
    }

    public static DirectRedis open(int port) {
        RedisClient client =
                RedisClient.create(
                        RedisURI.builder()
                                .withHost("127.0.0.1")
                                .withPort(port)
                                .withTimeout(TIMEOUT)
                                .build());
        return new DirectRedis(client, client.connect());
    }

    private RedisCommands<String, String> redis() {
        return connection.sync();
    }

    /// An entry of a session's log.
    public record LogEntry(String id, String event, String data) {}

    /// A session's log, oldest first; empty when there is none.
    public List<LogEntry> log(String session) {
        String generation = redis().hget("chat:meta:" + session, "gen");
        return redis().xrange("chat:log:" + session, Range.unbounded()).stream()
                .map(message -> entry(generation, message))
                .toList();
    }

    private static LogEntry entry(String generation, StreamMessage<String, String> message) {
        String number = message.getId().substring(0, message.getId().indexOf('-'));
        return new LogEntry(
                generation + "." + number + "." + message.getBody().get("h"),
                message.getBody().getOrDefault("e", ""),
                message.getBody().getOrDefault("d", ""));
    }

    /// `{sid}:{mid}` of the runs that workers have.
    public Set<String> runsOf(String workerId) {
        return redis().smembers("chat:working:" + workerId);
    }

    /// Whether no accepted message is unfinished.
    public boolean isIdle() {
        return redis().zcard("chat:open") == 0;
    }

    /// All keys with this prefix.
    public Set<String> keys(String prefix) {
        Set<String> keys = new TreeSet<>();
        ScanIterator.scan(redis(), KeyScanArgs.Builder.matches(prefix + "*").limit(SCANNED_AT_ONCE))
                .forEachRemaining(keys::add);
        return keys;
    }

    @Override
    public void close() {
        client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
    }
}
