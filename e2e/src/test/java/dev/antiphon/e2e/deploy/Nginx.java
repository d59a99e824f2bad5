package dev.antiphon.e2e.deploy;

import static org.awaitility.Awaitility.await;

import dev.antiphon.e2e.installation.Installation;
import dev.antiphon.e2e.installation.Programs;
import dev.antiphon.servers.ChildProcess;
import dev.antiphon.servers.Ports;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/// A real nginx with the shipped configuration. Only the parts that need the compose network are replaced: the
/// gateways' addresses, and port 80 where it is not available.
final class Nginx implements AutoCloseable {
    private static final Duration STARTED_WITHIN = Duration.ofSeconds(10);
    private static final int HTTP = 80;

    private final ChildProcess process;
    private final int port;

    private Nginx(ChildProcess process, int port) {
        this.process = process;
        this.port = port;
    }

    /// The port of the shipped configuration where it is available, otherwise another. One test class at a time can
    /// have it.
    static int shippedPort() {
        return Ports.obstacle(HTTP).isEmpty() ? HTTP : Ports.free();
    }

    /// @param folder for the changed configuration, the log, and nginx's process id
    /// @param gateways three of them
    static Nginx start(String shipped, int port, Path folder, List<Installation.Gateway> gateways)
            throws IOException {
        String configuration = replace(shipped, "listen 80;", "listen " + port + ";");
        for (int i = 0; i < gateways.size(); i++) {
            configuration =
                    replace(
                            configuration,
                            "server gateway-" + (i + 1) + ":8080 ",
                            "server 127.0.0.1:" + gateways.get(i).port() + " ");
        }
        Path changed = Files.writeString(folder.resolve("nginx.conf"), configuration);
        ChildProcess process =
                ChildProcess.start(
                        new ProcessBuilder(
                                        Programs.find("nginx", "nginx"),
                                        "-p",
                                        folder.toString(),
                                        "-c",
                                        changed.toString(),
                                        "-g",
                                        "daemon off; pid " + folder.resolve("nginx.pid") + ";")
                                .redirectErrorStream(true)
                                .redirectOutput(folder.resolve("nginx.log").toFile()));
        var nginx = new Nginx(process, port);
        await("nginx to listen, see " + folder)
                .atMost(STARTED_WITHIN)
                .failFast("nginx ended", () -> !process.isAlive())
                .until(nginx::listens);
        return nginx;
    }

    /// Clients write the address without a port when it is 80.
    URI address() {
        return URI.create(port == HTTP ? "http://localhost" : "http://localhost:" + port);
    }

    private boolean listens() {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException _) {
            return false;
        }
    }

    /// The configuration that we ship.
    static String shipped() throws IOException {
        return Files.readString(Path.of("..", "deploy", "nginx.conf"));
    }

    /// @throws IllegalStateException when the text does not contain what is to be replaced
    static String replace(String text, String found, String by) {
        if (!text.contains(found)) {
            throw new IllegalStateException("the shipped configuration has no '" + found + "'");
        }
        return text.replace(found, by);
    }

    @Override
    public void close() {
        process.stop(Duration.ofSeconds(3));
    }
}
