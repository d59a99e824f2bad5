package dev.antiphon.e2e.launcher;

import static dev.antiphon.e2e.launcher.Launched.assertEnded;
import static dev.antiphon.e2e.launcher.Launched.status;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.servers.NatsServer;
import dev.antiphon.servers.Ports;
import dev.antiphon.servers.RedisServer;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

final class UpTest {
    @TempDir Path folder;

    private Project project;

    @BeforeEach
    void build() throws IOException {
        project = Project.in(folder);
    }

    @Test
    void servesUntilItIsStoppedAndLeavesNothingBehind() throws Exception {
        try (Launched up = project.launch("up", "--port", "0")) {
            URI ready = up.ready();

            assertThat(status(ready.resolve("/health"))).isEqualTo(200);
            assertThat(up.output())
                    .hasSize(5)
                    .satisfiesExactly(
                            nats ->
                                    assertThat(nats)
                                            .matches(
                                                    "nats-server pid=\\d+ nats://127\\.0\\.0\\.1:\\d+"),
                            redis ->
                                    assertThat(redis)
                                            .matches(
                                                    "redis-server pid=\\d+ redis://127\\.0\\.0\\.1:\\d+"),
                            worker ->
                                    assertThat(worker)
                                            .matches("worker pid=\\d+ http://127\\.0\\.0\\.1:\\d+"),
                            gateway -> assertThat(gateway).matches("gateway pid=\\d+ " + ready),
                            last -> assertThat(last).isEqualTo("ready " + ready));
            List<ProcessHandle> processes = up.processes();
            assertThat(processes).hasSize(4).allMatch(ProcessHandle::isAlive);

            // Just as a script stops an `up` that it did not start.
            Path pid = project.data().resolve("pid");
            assertThat(ProcessHandle.of(Long.parseLong(Files.readString(pid).strip())))
                    .hasValueSatisfying(itself -> assertThat(itself.destroy()).isTrue());

            assertThat(up.exitCode()).isEqualTo(128 + 15);
            assertThat(processes).noneMatch(ProcessHandle::isAlive);
            assertThat(up.output()).hasSize(5);
            assertThat(pid).doesNotExist();
        }
    }

    @Test
    void leavesNothingBehindWhenItIsKilledAndStartsAgainOnTheSameData() throws Exception {
        List<ProcessHandle> processes;
        try (Launched up = project.launch("up", "--port", "0")) {
            up.ready();
            processes = up.processes();
            up.kill();
        }
        try (Launched again = project.launch("up", "--port", "0")) {
            URI ready = again.ready();
            assertThat(processes).noneMatch(ProcessHandle::isAlive);
            assertThat(allowedOrigin(ready, "http://localhost:3000"))
                    .contains("http://localhost:3000");
            assertThat(allowedOrigin(ready, "http://elsewhere.example")).isEmpty();
        }
    }

    /// The response to a page of that origin.
    private static Optional<String> allowedOrigin(URI address, String origin) throws Exception {
        try (HttpClient http = HttpClient.newHttpClient()) {
            return http.send(
                            HttpRequest.newBuilder(address.resolve("/api/models"))
                                    .header("Origin", origin)
                                    .build(),
                            BodyHandlers.discarding())
                    .headers()
                    .firstValue("Access-Control-Allow-Origin");
        }
    }

    private static final Map<String, String> SETTINGS =
            Map.of("CHAT_TOOLS", "calculator", "OPENAI_API_KEY", "none-of-theirs");

    @Test
    void workersAndGatewaysJoinFromAnotherTerminal() throws Exception {
        // Its servers are not where a process that did not join would look for them.
        try (var _ = taken(4222);
                var _ = taken(6379);
                Launched up = project.launch(SETTINGS, "up", "--port", "0")) {
            up.ready();
            Path recorded = project.data().resolve("addresses");
            assertThat(Files.readString(recorded))
                    .contains("CHAT_TOOLS=calculator\n", "OPENAI_API_KEY=none-of-theirs\n");
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(recorded)))
                    .isEqualTo("rw-------");
            try (Launched worker = project.launch("worker");
                    Launched gateway = project.launch("gateway")) {
                worker.line("worker pid=");
                assertThat(worker.errors()).anyMatch(line -> line.contains("tools=[calculator]"));
                String line = gateway.line("gateway pid=");
                assertThat(up.output()).doesNotContain(line);
                URI joined = URI.create(line.substring(line.indexOf("http")));
                assertThat(status(joined.resolve("/health"))).isEqualTo(200);
                assertThat(allowedOrigin(joined, "http://localhost:3000"))
                        .contains("http://localhost:3000");
            }
        }
    }

    @Test
    void onlyOneRunsOnAFolderOfData() throws Exception {
        try (Launched up = project.launch("up", "--port", "0")) {
            up.ready();
            try (Launched second = project.launch("up", "--port", "0")) {
                assertThat(second.exitCode()).isEqualTo(1);
                assertThat(second.errors())
                        .singleElement()
                        .asString()
                        .startsWith("another `antiphon up` runs on " + project.data())
                        .contains("--data DIR");
            }
            try (Launched elsewhere = project.launch("up", "--port", "0", "--data", "elsewhere")) {
                elsewhere.ready();
                assertThat(folder.resolve("elsewhere/redis-server/redis-server.log")).exists();
            }
        }
    }

    @Test
    void usesTheServersThatTheEnvironmentNames() throws Exception {
        try (var nats = NatsServer.start();
                var redis = RedisServer.start()) {
            Map<String, String> environment =
                    Map.of(
                            "NATS_URL",
                            nats.url(),
                            "REDIS_HOST",
                            "127.0.0.1",
                            "REDIS_PORT",
                            "" + redis.port());
            try (Launched up = project.launch(environment, "up", "--port", "0")) {
                up.ready();
                assertThat(up.output())
                        .contains(
                                "nats-server " + nats.url() + " (NATS_URL)",
                                "redis-server " + redis.url() + " (REDIS_HOST)");
                assertThat(up.processes()).hasSize(2);
            }
            assertThat(nats.isAlive()).isTrue();
            assertThat(redis.isAlive()).isTrue();
        }
    }

    @Test
    void everyGatewayHasItsOwnPortNextToTheSharedOne() throws Exception {
        try (Launched up =
                project.launch("up", "--port", "0", "--gateways", "2", "--workers", "2")) {
            URI ready = up.ready();
            List<URI> own =
                    up.output().stream()
                            .filter(line -> line.startsWith("gateway "))
                            .map(line -> URI.create(line.substring(line.indexOf("http"))))
                            .toList();

            assertThat(own).hasSize(2).doesNotContain(ready).doesNotHaveDuplicates();
            for (URI each : Stream.concat(own.stream(), Stream.of(ready)).toList()) {
                assertThat(status(each.resolve("/health"))).isEqualTo(200);
            }
        }
    }

    @Test
    void aTakenPortIsSaidBeforeAnythingStarts() throws Exception {
        int port = Ports.free();
        try (var _ = taken(port);
                Launched up = project.launch("up", "--port", "" + port)) {
            assertThat(up.exitCode()).isEqualTo(1);
            assertThat(up.errors())
                    .singleElement()
                    .asString()
                    .startsWith("port " + port + " is taken: ")
                    .endsWith("--port (0 takes a free one)");
            assertThat(up.output()).isEmpty();
        }
    }

    @Test
    void aServerThatDiesAtStartIsSaidWithItsLastWords() throws Exception {
        Path aof = Files.createDirectories(project.data().resolve("redis-server/appendonlydir"));
        Files.writeString(aof.resolve("appendonly.aof.manifest"), "not a manifest\n");
        try (Launched up = project.launch("up", "--port", "0")) {
            assertThat(up.exitCode()).isEqualTo(1);
            assertThat(up.errors())
                    .singleElement()
                    .asString()
                    .startsWith("redis-server died at start (exit code 1): ")
                    .contains("manifest", "redis-server.log");
            assertEnded(up.processes());
        }
    }

    @Test
    void aGatewayOrWorkerThatCannotStartIsSaidWithItsReason() throws Exception {
        try (var nats =
                        NatsServer.start(
                                NatsServer.Options.temporary().withLogin("chat", "secret"));
                Launched up = project.launch(Map.of("NATS_URL", nats.url()), "up", "--port", "0")) {
            assertThat(up.exitCode()).isEqualTo(1);
            assertThat(up.errors())
                    .singleElement()
                    .asString()
                    .startsWith("worker-1 did not start: ")
                    .contains("check NATS_URL");
            assertEnded(up.processes());
        }
    }

    /// Occupies a port for the test unless something else already does.
    private static AutoCloseable taken(int port) throws IOException {
        return Ports.isFree(port)
                ? new ServerSocket(port, 1, InetAddress.ofLiteral("127.0.0.1"))
                : () -> {};
    }
}
