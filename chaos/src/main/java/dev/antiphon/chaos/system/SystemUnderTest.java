package dev.antiphon.chaos.system;

import dev.antiphon.servers.NatsServer;
import dev.antiphon.servers.Ports;
import dev.antiphon.servers.RedisServer;
import dev.antiphon.servers.Server;

import java.io.IOException;
import java.io.UncheckedIOException;
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
import java.util.regex.Pattern;

/// Two servers, three workers, two gateways.
public final class SystemUnderTest implements AutoCloseable {

    private static final int WORKERS = 3;
    private static final int GATEWAYS = 2;
    private static final Duration UP_WITHIN = Duration.ofSeconds(90);
    private static final Duration LOOK_EVERY = Duration.ofMillis(50);
    private static final Pattern TAKEOVER =
            Pattern.compile("lease of a worker expired, its run is free .*");

    private final NatsServer nats;
    private final RedisServer redis;
    private final AppendOnlyFile file;
    private final List<Member> workers = new ArrayList<>();
    private final List<GatewayMember> gateways = new ArrayList<>();

    private SystemUnderTest(NatsServer nats, RedisServer redis) {
        this.nats = nats;
        this.redis = redis;
        this.file = AppendOnlyFile.watch(redis.directory());
    }

    /// A gateway and the port for its clients.
    public record GatewayMember(Member member, int port) {

        public URI address() {
            return URI.create("http://127.0.0.1:" + port);
        }

        /// Whether it reports that it can serve.
        public boolean isReady(HttpClient http) throws InterruptedException {
            try {
                HttpRequest probe =
                        HttpRequest.newBuilder(address().resolve("/health/ready"))
                                .timeout(Duration.ofSeconds(2))
                                .build();
                return http.send(probe, BodyHandlers.discarding()).statusCode() == 200;
            } catch (IOException _) {
                return false;
            }
        }
    }

    /// Starts everything and returns when it serves.
    ///
    /// @param folder for data and logs
    /// @param settings for the processes, in addition to the servers' addresses
    public static SystemUnderTest open(Path folder, Launch launch, Map<String, String> settings)
            throws InterruptedException {
        var nats =
                NatsServer.start(
                        NatsServer.Options.temporary()
                                .in(folder.resolve("nats-server"))
                                .withMonitoring(0));
        SystemUnderTest system;
        try {
            system =
                    new SystemUnderTest(
                            nats,
                            RedisServer.start(
                                    RedisServer.Options.temporary()
                                            .in(folder.resolve("redis-server"))));
        } catch (RuntimeException e) {
            nats.close();
            throw e;
        }
        try {
            system.start(folder, launch, settings);
            return system;
        } catch (RuntimeException | InterruptedException e) {
            system.close();
            throw e;
        }
    }

    private void start(Path folder, Launch launch, Map<String, String> settings)
            throws InterruptedException {
        for (int i = 1; i <= WORKERS; i++) {
            workers.add(member("worker-" + i, "worker", folder, launch, settings));
        }
        for (int i = 1; i <= GATEWAYS; i++) {
            int port = Ports.free();
            String name = "gateway-" + i;
            Map<String, String> own = new HashMap<>(settings);
            own.put("SERVER_PORT", "" + port);
            own.put("POD_ID", name);
            gateways.add(new GatewayMember(member(name, "gateway", folder, launch, own), port));
        }
        members().forEach(Member::start);
        awaitUp();
    }

    private Member member(
            String name, String command, Path folder, Launch launch, Map<String, String> settings) {
        try {
            Files.createDirectories(folder.resolve("data"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Member(
                name,
                command,
                launch,
                folder,
                settings,
                FaultProxy.open(redis.port()),
                FaultProxy.open(nats.port()));
    }

    /// Waits until every process serves.
    public void awaitUp() throws InterruptedException {
        long deadline = System.nanoTime() + UP_WITHIN.toNanos();
        try (HttpClient http = HttpClient.newHttpClient()) {
            while (!isUp(http)) {
                if (System.nanoTime() > deadline) {
                    throw new IllegalStateException(
                            "some processes are not ready after " + UP_WITHIN.toSeconds() + " s");
                }
                Thread.sleep(LOOK_EVERY);
            }
        }
    }

    /// Waits until a process reports that it serves; the state of its servers does not matter.
    public static void awaitUp(Member member) throws InterruptedException {
        long deadline = System.nanoTime() + UP_WITHIN.toNanos();
        while (!member.isUp()) {
            if (System.nanoTime() > deadline || !member.isAlive()) {
                throw new IllegalStateException(member.name() + " was not restarted");
            }
            Thread.sleep(LOOK_EVERY);
        }
    }

    private boolean isUp(HttpClient http) throws InterruptedException {
        for (Member member : members()) {
            if (!member.isUp()) {
                return false;
            }
        }
        for (GatewayMember gateway : gateways) {
            if (!gateway.isReady(http)) {
                return false;
            }
        }
        return true;
    }

    public Server nats() {
        return nats;
    }

    public Server redis() {
        return redis;
    }

    public int natsMonitoringPort() {
        return nats.monitoringPort().orElseThrow();
    }

    public List<Member> workers() {
        return workers;
    }

    public List<GatewayMember> gateways() {
        return gateways;
    }

    public List<Member> members() {
        List<Member> members = new ArrayList<>(workers);
        gateways.forEach(gateway -> members.add(gateway.member()));
        return members;
    }

    /// The number of runs of dead workers that other workers took over.
    public long takeovers() {
        return workers.stream()
                .flatMap(worker -> worker.said(TAKEOVER).stream())
                .distinct() // every survivor sees it, and checks twice a second
                .count();
    }

    /// Kills Redis and removes its last second.
    public void powerLoss() {
        redis.kill();
        file.loseTail();
    }

    /// Freezes a server (SIGSTOP).
    public static void pause(Server server) {
        Signals.stop(server.pid());
    }

    /// Ends {@link #pause}.
    public static void resume(Server server) {
        Signals.go(server.pid());
    }

    @Override
    public void close() {
        List<Thread> closing = new ArrayList<>();
        for (Member member : members()) {
            closing.add(Thread.ofVirtual().start(member::close));
        }
        for (Thread each : closing) {
            try {
                each.join();
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
        }
        file.close();
        redis.close();
        nats.close();
    }
}
