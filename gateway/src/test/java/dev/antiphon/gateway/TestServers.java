package dev.antiphon.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.backplane.Backplane;
import dev.antiphon.backplane.BackplaneSettings;
import dev.antiphon.backplane.Redis;
import dev.antiphon.backplane.RedisSettings;
import dev.antiphon.backplane.catalog.Offer;
import dev.antiphon.backplane.log.RedisSessionLog;
import dev.antiphon.backplane.log.SessionLog;
import dev.antiphon.backplane.queue.StoredRequest;
import dev.antiphon.gateway.http.Origins;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.Ids;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.Subjects;
import dev.antiphon.servers.NatsServer;
import dev.antiphon.servers.RedisServer;

import io.nats.client.Connection;
import io.nats.client.Nats;
import io.nats.client.api.StreamInfoOptions;
import io.nats.client.api.Subject;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/// A nats-server and a redis-server with their own backplane, for tests that check their data or act as a worker.
final class TestServers implements AutoCloseable {

    static final String ALLOWED_ORIGIN = "https://chat.example";

    final NatsServer nats;
    final RedisServer redis;
    private final Backplane backplane;
    private final Redis look;

    private TestServers(NatsServer nats, RedisServer redis, Backplane backplane, Redis look) {
        this.nats = nats;
        this.redis = redis;
        this.backplane = backplane;
        this.look = look;
    }

    static TestServers open() throws InterruptedException {
        NatsServer nats = NatsServer.start();
        RedisServer redis = RedisServer.start();
        BackplaneSettings settings = settings(nats, redis, Duration.ofSeconds(5));
        return new TestServers(
                nats, redis, Backplane.open(settings, "test"), Redis.open(settings.redis()));
    }

    /// A log whose entries no pod hears of.
    SessionLog silentLog() {
        return new RedisSessionLog(look);
    }

    private static BackplaneSettings settings(
            NatsServer nats, RedisServer redis, Duration redisTimeout) {
        return new BackplaneSettings(
                nats.url(), new RedisSettings("127.0.0.1", redis.port(), null, redisTimeout));
    }

    BackplaneSettings settings(Duration redisTimeout) {
        return settings(nats, redis, redisTimeout);
    }

    GatewayConfig config() {
        return config(0, null, 1_000);
    }

    GatewayConfig config(int port, @Nullable Integer sharedPort, int mostConnections) {
        return config(port, sharedPort, mostConnections, redis.port());
    }

    /// For a gateway with another Redis.
    GatewayConfig config(
            int port, @Nullable Integer sharedPort, int mostConnections, int redisPort) {
        return new GatewayConfig(
                new BackplaneSettings(
                        nats.url(),
                        new RedisSettings("127.0.0.1", redisPort, null, Duration.ofSeconds(1))),
                "127.0.0.1",
                port,
                sharedPort,
                new PodId(Ids.mint("pod_")),
                new Origins(Set.of(ALLOWED_ORIGIN)),
                mostConnections);
    }

    Gateway gateway() throws InterruptedException {
        return Gateway.open(config());
    }

    /// A worker for one session.
    Answering answering(String session) {
        return new Answering(backplane, new SessionId(session));
    }

    /// How many batches of rings the workers of this test have sent.
    long ringBatches() {
        return backplane.ringBatchesSent();
    }

    /// Announces offers as a worker does.
    void offers(Offer... offers) {
        var _ =
                backplane
                        .catalog()
                        .announce(List.of(offers))
                        .toCompletableFuture()
                        .orTimeout(5, TimeUnit.SECONDS)
                        .join();
    }

    /// Brings a session's history up to date, as its worker does.
    void settle(String session) {
        done(backplane.history().settle(new SessionId(session)));
    }

    /// Keeps a dead letter of the session.
    void refuses(String session) {
        backplane
                .queue()
                .deadLetter(
                        new StoredRequest(
                                Subjects.execute(new SessionId(session)),
                                new byte[0],
                                1,
                                Instant.EPOCH),
                        ErrorCode.INTERNAL,
                        "why");
    }

    /// The requests and dead letters of a session in JetStream.
    long queued(String session) throws Exception {
        Connection plain = Nats.connect(nats.url());
        try {
            long found = 0;
            for (String stream : List.of("CHAT_WORKFLOW", "CHAT_DEAD_LETTERS")) {
                found +=
                        plain
                                .jetStreamManagement()
                                .getStreamInfo(stream, StreamInfoOptions.filterSubjects(">"))
                                .getStreamState()
                                .getSubjects()
                                .stream()
                                .filter(subject -> subject.getName().endsWith("." + session))
                                .mapToLong(Subject::getCount)
                                .sum();
            }
            return found;
        } finally {
            plain.close();
        }
    }

    /// All keys in Redis with the session's id in their name or in a member.
    List<String> keysNaming(String session) {
        List<String> found = new ArrayList<>();
        for (String key : done(look.send(commands -> commands.keys("*")))) {
            byte[] dump = done(look.send(commands -> commands.dump(key)));
            if (key.contains(session)
                    || new String(dump, StandardCharsets.ISO_8859_1).contains(session)) {
                found.add(key);
            }
        }
        return found;
    }

    private static <T> T done(CompletionStage<T> stage) {
        return stage.toCompletableFuture().orTimeout(5, TimeUnit.SECONDS).join();
    }

    /// A new session.
    static String newSession() {
        return Ids.mint("sess_");
    }

    /// The registry's members of a session, without their connection ids.
    Set<String> pods(String session) {
        Set<String> pods = new TreeSet<>();
        for (String member : members(session)) {
            pods.add(member.substring(0, member.lastIndexOf(':')));
        }
        return pods;
    }

    Set<String> members(String session) {
        Set<String> members = new TreeSet<>();
        look.send(commands -> commands.smembers("session:connections:" + session))
                .toCompletableFuture()
                .orTimeout(5, TimeUnit.SECONDS)
                .join()
                .forEach(member -> members.add(new String(member, StandardCharsets.UTF_8)));
        return members;
    }

    /// Sends a command to Redis on its own connection, as an operator does.
    void redisSays(String command) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), redis.port())) {
            socket.getOutputStream().write((command + "\r\n").getBytes(StandardCharsets.UTF_8));
            assertThat(socket.getInputStream().read()).isEqualTo('+');
        }
    }

    /// Sends redis-server a signal by name: STOP freezes it, CONT lets it continue.
    void signal(String name) throws IOException, InterruptedException {
        Process kill = new ProcessBuilder("kill", "-" + name, "" + redis.pid()).inheritIO().start();
        if (kill.waitFor() != 0) {
            throw new IOException("kill -" + name + " failed");
        }
    }

    @Override
    public void close() {
        look.close();
        backplane.close();
        nats.close();
        redis.close();
    }
}
