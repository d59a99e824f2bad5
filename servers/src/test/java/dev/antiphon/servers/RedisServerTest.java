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
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

final class RedisServerTest {
    @TempDir Path data;

    @Test
    void keepsWhatItAcknowledgedOverAKillAndARestartOnTheSamePort() throws Exception {
        try (var server = RedisServer.start()) {
            int port = server.port();
            assertThat(say(server, "SET k kept")).isEqualTo("+OK");

            server.kill();
            server.restart();

            assertThat(server.port()).isEqualTo(port);
            assertThat(server.url()).isEqualTo("redis://127.0.0.1:" + port);
            assertThat(say(server, "EXISTS k")).isEqualTo(":1");
        }
    }

    @Test
    void forgetsEverythingWithoutAnAppendOnlyFile() throws Exception {
        try (var server = RedisServer.start(RedisServer.Options.temporary().withoutAppendOnly())) {
            assertThat(say(server, "SET k lost")).isEqualTo("+OK");

            server.stop();
            server.restart();

            assertThat(say(server, "EXISTS k")).isEqualTo(":0");
        }
    }

    @Test
    void keepsItsDataInADirectoryThatWasGiven() throws Exception {
        var options = RedisServer.Options.temporary().in(data);
        try (var server = RedisServer.start(options)) {
            assertThat(say(server, "SET k kept")).isEqualTo("+OK");
        }
        try (var server = RedisServer.start(options)) {
            assertThat(say(server, "EXISTS k")).isEqualTo(":1");
        }
    }

    @Test
    void listensOnOneLoopbackAddressOnly() {
        try (var server = RedisServer.start()) {
            assertThat(Ports.answers("127.0.0.1", server.port())).isTrue();
            assertThat(Ports.answers("127.0.0.2", server.port())).isFalse();
        }
    }

    @Test
    void aTakenPortIsNamed() throws Exception {
        try (var taken = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            var options = RedisServer.Options.temporary().onPort(taken.getLocalPort());

            assertThatThrownBy(() -> RedisServer.start(options))
                    .isInstanceOfSatisfying(
                            ServerStartException.class,
                            e -> assertThat(e.reason()).isEqualTo(Reason.PORT_TAKEN))
                    .hasMessageStartingWith(
                            "port %d for redis-server is taken", taken.getLocalPort());
        }
    }

    @Test
    void aDeathAtStartShowsTheLastWordsOfTheServer() throws Exception {
        Path folder = Files.createDirectories(data.resolve("appendonlydir"));
        Files.writeString(folder.resolve("appendonly.aof.manifest"), "not a manifest\n");
        var options = RedisServer.Options.temporary().in(data);

        assertThatThrownBy(() -> RedisServer.start(options))
                .isInstanceOfSatisfying(
                        ServerStartException.class,
                        e -> assertThat(e.reason()).isEqualTo(Reason.DIED))
                .hasMessageStartingWith("redis-server died at start (exit code 1): ")
                .hasMessageContaining("manifest");
    }

    private static String say(RedisServer server, String command) throws IOException {
        try (var socket = new Socket(InetAddress.ofLiteral("127.0.0.1"), server.port())) {
            socket.getOutputStream().write((command + "\r\n").getBytes(StandardCharsets.US_ASCII));
            var reader = new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII);
            return new BufferedReader(reader).readLine();
        }
    }
}
