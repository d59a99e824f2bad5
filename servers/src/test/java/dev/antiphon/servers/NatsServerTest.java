package dev.antiphon.servers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.antiphon.servers.ServerStartException.Reason;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

final class NatsServerTest {
    private static final String CREATE_STREAM = "{\"name\":\"S\",\"subjects\":[\"s\"]}";

    @TempDir Path data;

    @Test
    void servesJetStreamAndItsMonitoringPages() throws Exception {
        try (var server = NatsServer.start(NatsServer.Options.temporary().withMonitoring(0))) {
            assertThat(server.url()).isEqualTo("nats://127.0.0.1:" + server.port());
            assertThat(greeting(server)).contains("\"jetstream\":true");
            var page =
                    URI.create(
                            "http://127.0.0.1:%d/jsz"
                                    .formatted(server.monitoringPort().orElseThrow()));
            try (var body = page.toURL().openStream()) {
                assertThat(new String(body.readAllBytes(), StandardCharsets.UTF_8))
                        .contains("\"streams\": 0");
            }
        }
    }

    @Test
    void runsWithoutJetStreamWhenAsked() throws Exception {
        try (var server = NatsServer.start(NatsServer.Options.temporary().withoutJetStream())) {
            assertThat(greeting(server)).startsWith("INFO {").doesNotContain("\"jetstream\":true");
            assertThat(server.monitoringPort()).isEmpty();
        }
    }

    @Test
    void keepsItsStreamsOverAKillAndARestartOnTheSamePort() throws Exception {
        try (var server = NatsServer.start()) {
            long firstPid = server.pid();
            int port = server.port();
            assertThat(request(server, "$JS.API.STREAM.CREATE.S", CREATE_STREAM))
                    .contains("\"did_create\":true");

            server.kill();
            assertThat(server.isAlive()).isFalse();
            server.restart();

            assertThat(server.port()).isEqualTo(port);
            assertThat(server.pid()).isNotEqualTo(firstPid);
            assertThat(request(server, "$JS.API.STREAM.INFO.S", ""))
                    .contains("\"subjects\":[\"s\"]");
        }
    }

    @Test
    void onExitTellsHowItEnded() throws Exception {
        try (var server = NatsServer.start()) {
            var exit = server.onExit();
            assertThat(exit).isNotDone();

            server.kill();

            assertThat(exit.get(10, TimeUnit.SECONDS)).isEqualTo(128 + 9);
        }
    }

    @Test
    void closeEndsItAndDeletesItsTemporaryDirectory() {
        var server = NatsServer.start();
        assertThat(server.log()).isNotEmptyFile();

        server.close();
        server.close();

        assertThat(server.isAlive()).isFalse();
        assertThat(server.directory()).doesNotExist();
        assertThatThrownBy(server::restart).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void closeKeepsADirectoryThatWasGiven() {
        NatsServer.start(NatsServer.Options.temporary().in(data)).close();

        assertThat(data.resolve("nats-server.log")).isNotEmptyFile();
    }

    @Test
    void aTakenPortIsNamed() throws Exception {
        try (var taken = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            var options = NatsServer.Options.temporary().onPort(taken.getLocalPort());

            assertThatThrownBy(() -> NatsServer.start(options))
                    .isInstanceOfSatisfying(
                            ServerStartException.class,
                            e -> assertThat(e.reason()).isEqualTo(Reason.PORT_TAKEN))
                    .hasMessageStartingWith(
                            "port %d for nats-server is taken", taken.getLocalPort());
        }
    }

    @Test
    void aTakenMonitoringPortIsNamed() throws Exception {
        try (var taken = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            var options =
                    NatsServer.Options.temporary()
                            .onPort(Ports.free())
                            .withMonitoring(taken.getLocalPort());

            assertThatThrownBy(() -> NatsServer.start(options))
                    .hasMessageStartingWith(
                            "port %d for nats-server is taken", taken.getLocalPort());
        }
    }

    @Test
    void aDeathAtStartShowsTheLastWordsOfTheServer() throws Exception {
        Files.createFile(data.resolve("jetstream"));
        var options = NatsServer.Options.temporary().in(data);

        assertThatThrownBy(() -> NatsServer.start(options))
                .isInstanceOfSatisfying(
                        ServerStartException.class,
                        e -> assertThat(e.reason()).isEqualTo(Reason.DIED))
                .hasMessageStartingWith("nats-server died at start (exit code 1): ")
                .hasMessageContaining("storage directory")
                .hasMessageContaining("nats-server.log");
    }

    /// Tries to start a server on a machine that has none.
    static final class Bare {
        public static void main(String... arguments) {
            try {
                NatsServer.start();
            } catch (ServerStartException e) {
                System.out.println(e.reason() + " " + e.getMessage());
            }
        }
    }

    @Test
    void aMissingServerIsNamedWithWhatToInstall() throws Exception {
        ProcessBuilder builder = ForkedJvm.running(Bare.class, "-Dantiphon.places=");
        builder.environment().put("PATH", data.toString());

        String said = builder.start().inputReader().readAllAsString();

        assertThat(said)
                .startsWith(
                        "NOT_INSTALLED nats-server is not installed: apt-get install nats-server");
    }

    private static String greeting(NatsServer server) throws IOException {
        try (var socket = new Socket(InetAddress.ofLiteral("127.0.0.1"), server.port())) {
            return reader(socket).readLine();
        }
    }

    /// One request and its answer in the NATS client protocol, without a client.
    private static String request(NatsServer server, String subject, String body)
            throws IOException {
        try (var socket = new Socket(InetAddress.ofLiteral("127.0.0.1"), server.port())) {
            String sent =
                    "CONNECT {\"verbose\":false}\r\nSUB reply 1\r\nPUB %s reply %d\r\n%s\r\n"
                            .formatted(subject, body.length(), body);
            socket.getOutputStream().write(sent.getBytes(StandardCharsets.US_ASCII));
            var reader = reader(socket);
            String line = reader.readLine();
            while (!line.startsWith("MSG reply")) {
                line = reader.readLine();
            }
            return reader.readLine();
        }
    }

    private static BufferedReader reader(Socket socket) throws IOException {
        return new BufferedReader(
                new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
    }
}
