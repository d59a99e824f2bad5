package dev.antiphon.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/// Waits until a gateway serves. Uses a bare socket, because the JDK's HTTP client takes as long to load as everything
/// else that `up` does before it is ready.
final class Health {
    private static final Duration EVERY = Duration.ofMillis(20);
    private static final int TIMEOUT_MILLIS = 2_000;

    private Health() {}

    /// Returns as soon as `GET /health` answers 200.
    ///
    /// @throws StartException with the last answer if the time limit passes
    static void await(URI gateway, Duration within) throws InterruptedException {
        long deadline = System.nanoTime() + within.toNanos();
        while (true) {
            String status = status(gateway);
            if (status.contains(" 200 ")) {
                return;
            }
            if (System.nanoTime() > deadline) {
                throw new StartException(
                        "%s/health does not answer 200 after %d s, but: %s"
                                .formatted(gateway, within.toSeconds(), status));
            }
            Thread.sleep(EVERY);
        }
    }

    private static String status(URI gateway) {
        try (var socket = new Socket()) {
            socket.setSoTimeout(TIMEOUT_MILLIS);
            socket.connect(
                    new InetSocketAddress(gateway.getHost(), gateway.getPort()), TIMEOUT_MILLIS);
            String request =
                    "GET /health HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"
                            .formatted(gateway.getAuthority());
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            var reader =
                    new BufferedReader(
                            new InputStreamReader(
                                    socket.getInputStream(), StandardCharsets.US_ASCII));
            String line = reader.readLine();
            return line == null ? "no answer" : line;
        } catch (IOException e) {
            return e.toString();
        }
    }
}
