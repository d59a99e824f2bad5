package dev.antiphon.e2e.installation;

import static org.awaitility.Awaitility.await;

import dev.antiphon.servers.ChildProcess;
import dev.antiphon.servers.NatsServer;
import dev.antiphon.servers.Ports;
import dev.antiphon.servers.RedisServer;

import io.lettuce.core.RedisClient;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/// A whole Antiphon: nats-server, redis-server, and workers and gateways as the shipped processes. Everything ends
/// with it.
public final class Installation implements AutoCloseable {
    private static final Path JAR = Path.of("..", "cli", "target", "antiphon.jar");
    private static final Duration READY_WITHIN = Duration.ofSeconds(30);
    private static final Duration GRACE = Duration.ofSeconds(10);

    private final Path folder;
    private final NatsServer.Options natsOptions;
    private NatsServer nats;
    private final RedisServer redis;
    private final List<ChildProcess> processes = new ArrayList<>();
    private final Map<ChildProcess, Path> logs = new HashMap<>();
    private final Map<String, Gateway> gateways = new HashMap<>();

    private Installation(
            Path folder, NatsServer.Options natsOptions, NatsServer nats, RedisServer redis) {
        this.folder = folder;
        this.natsOptions = natsOptions;
        this.nats = nats;
        this.redis = redis;
    }

    /// One gateway as a process.
    public record Gateway(int port, ChildProcess process) {
        public URI address() {
            return URI.create("http://127.0.0.1:" + port);
        }
    }

    /// The servers only.
    ///
    /// @param folder for the processes' output
    public static Installation open(Path folder) {
        return open(folder, NatsServer.Options.temporary());
    }

    /// The servers only, with this nats-server.
    public static Installation open(Path folder, NatsServer.Options natsOptions) {
        return open(folder, natsOptions, RedisServer.Options.temporary());
    }

    /// The servers only, with this redis-server.
    public static Installation open(Path folder, RedisServer.Options redisOptions) {
        return open(folder, NatsServer.Options.temporary(), redisOptions);
    }

    private static Installation open(
            Path folder, NatsServer.Options natsOptions, RedisServer.Options redisOptions) {
        var nats = NatsServer.start(natsOptions);
        try {
            return new Installation(folder, natsOptions, nats, RedisServer.start(redisOptions));
        } catch (RuntimeException e) {
            nats.close();
            throw e;
        }
    }

    /// The variables with which our processes find the servers.
    public Map<String, String> addresses() {
        return Map.of(
                "NATS_URL", "nats://127.0.0.1:" + nats.port(),
                "REDIS_HOST", "127.0.0.1",
                "REDIS_PORT", "" + redis.port());
    }

    public ChildProcess worker(Map<String, String> variables, String... options) {
        return start("worker", variables, "worker-" + processes.size(), options);
    }

    /// The output of a process so far, on both streams.
    public String output(ChildProcess process) throws IOException {
        return Files.readString(Objects.requireNonNull(logs.get(process)));
    }

    public Gateway gateway(Map<String, String> variables) {
        return gateway(Ports.free(), variables);
    }

    /// Returns when the gateway serves.
    public Gateway gateway(int port, Map<String, String> variables) {
        startGateway(port, variables);
        return awaitGateway(port);
    }

    /// Starts a gateway that may have to wait for its servers.
    public void startGateway(int port, Map<String, String> variables) {
        Map<String, String> own = new HashMap<>(variables);
        own.put("SERVER_PORT", "" + port);
        own.put("POD_ID", "pod-" + port);
        var gateway = new Gateway(port, start("gateway", own, "gateway-" + port));
        gateways.put(own.get("POD_ID"), gateway);
    }

    /// Kills the gateway that was last started on this port.
    public void killGateway(int port) {
        Objects.requireNonNull(gateways.get("pod-" + port)).process().kill();
    }

    /// Waits until a gateway that was started serves.
    public Gateway awaitGateway(int port) {
        Gateway gateway = Objects.requireNonNull(gateways.get("pod-" + port));
        awaitReady(
                gateway.address(), gateway.process(), folder.resolve("gateway-" + port + ".log"));
        return gateway;
    }

    public NatsServer nats() {
        return nats;
    }

    /// Ends nats-server and starts it again on the same port and folder, with JetStream or without.
    public void restartNats(boolean jetStream) {
        nats.close();
        nats = NatsServer.start(natsOptions.onPort(nats.port()).withJetStream(jetStream));
    }

    public RedisServer redis() {
        return redis;
    }

    /// Redis loses everything, as if its disk were lost.
    public void loseAll() {
        try (RedisClient client = RedisClient.create(redis.url());
                var connection = client.connect()) {
            connection.sync().flushall();
        }
    }

    /// The log of a process so far; its name is `worker-0.log` and so on, or `gateway-{port}.log`.
    public String output(String name) throws IOException {
        return Files.readString(folder.resolve(name));
    }

    /// The gateway that holds the session's only connection, according to the registry.
    public Gateway gatewayOf(String session) {
        try (RedisClient client = RedisClient.create(redis.url());
                var connection = client.connect()) {
            Set<String> members = connection.sync().smembers(registry(session));
            if (members.size() != 1) {
                throw new IllegalStateException(session + " has the connections " + members);
            }
            String member = members.iterator().next();
            return Objects.requireNonNull(
                    gateways.get(member.substring(0, member.lastIndexOf(':'))), member);
        }
    }

    /// Adds a foreign connection to a session's registry: `{pod}:{connection}`.
    public void register(String session, String member) {
        try (RedisClient client = RedisClient.create(redis.url());
                var connection = client.connect()) {
            connection.sync().sadd(registry(session), member);
        }
    }

    /// A session's connections: `{pod}:{connection}`.
    public Set<String> members(String session) {
        try (RedisClient client = RedisClient.create(redis.url());
                var connection = client.connect()) {
            return connection.sync().smembers(registry(session));
        }
    }

    /// The id of the worker that is answering in a session.
    public String workerOf(String session) {
        try (RedisClient client = RedisClient.create(redis.url());
                var connection = client.connect()) {
            return connection.sync().hget("chat:meta:" + session, "worker");
        }
    }

    private static String registry(String session) {
        return "session:connections:" + session;
    }

    /// Waits until a gateway answers its ready probe.
    public static void awaitReady(URI gateway, ChildProcess process, Path log) {
        try (HttpClient http = HttpClient.newHttpClient()) {
            HttpRequest probe = HttpRequest.newBuilder(gateway.resolve("/health/ready")).build();
            await("the gateway at " + gateway)
                    .atMost(READY_WITHIN)
                    .failFast(() -> {
                        if (!process.isAlive()) {
                            throw new IllegalStateException(Files.readString(log));
                        }
                    })
                    .ignoreExceptionsInstanceOf(IOException.class)
                    .until(() -> http.send(probe, BodyHandlers.discarding()).statusCode() == 200);
        }
    }

    private ChildProcess start(
            String command, Map<String, String> variables, String name, String... options) {
        List<String> line = new ArrayList<>();
        line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        line.addAll(List.of("@" + JAR.resolveSibling("jvm.options"), "-jar", JAR.toString()));
        line.add(command);
        line.addAll(List.of(options));
        Path log = folder.resolve(name + ".log");
        var builder =
                new ProcessBuilder(line)
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().putAll(addresses());
        builder.environment().putAll(variables);
        ChildProcess process = ChildProcess.start(builder);
        processes.add(process);
        logs.put(process, log);
        return process;
    }

    @Override
    public void close() {
        processes.reversed().forEach(process -> process.stop(GRACE));
        redis.close();
        nats.close();
    }
}
