package dev.antiphon.servers;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;

/// TCP ports of this machine's loopback address.
public final class Ports {
    // Below every system's ephemeral range (Linux 32768, macOS 49152). A client that keeps
    // reconnecting to a dead server's port in that range sooner or later connects to itself, and
    // then the restarted server cannot bind.
    private static final int LOWEST = 20_000;
    private static final int HIGHEST = 31_999;
    private static final int CONNECT_TIMEOUT_MILLIS = 500;

    private static final Set<Integer> handedOut = ConcurrentHashMap.newKeySet();

    private static final Reservations reservations =
            Reservations.open(
                    Path.of(
                            System.getProperty("java.io.tmpdir"),
                            "antiphon-ports-" + System.getProperty("user.name")));

    private Ports() {}

    /// A port without a listener. This JVM gets each port only once, and while it runs, no other JVM of this user gets
    /// it. A program that chooses its ports in another way can still take it: be ready to try again.
    public static int free() {
        for (int tries = 0; tries < 1_000; tries++) {
            int port = ThreadLocalRandom.current().nextInt(LOWEST, HIGHEST + 1);
            if (isFree(port) && handedOut.add(port) && reservations.reserve(port)) {
                return port;
            }
        }
        throw new IllegalStateException("no free port between " + LOWEST + " and " + HIGHEST);
    }

    /// Whether a server could listen on `127.0.0.1:port` now.
    public static boolean isFree(int port) {
        return obstacle(port).isEmpty();
    }

    /// The reason why no server can listen on `127.0.0.1:port` now and what to do about it, as one clause that
    /// continues "port 8080 …"; empty if one can.
    public static Optional<String> obstacle(int port) {
        // Connect first: some systems let a second server bind when the first listens on
        // every address.
        if (answers("127.0.0.1", port)) {
            return Optional.of(taken(port));
        }
        try (var _ = new ServerSocket(port, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            return Optional.empty();
        } catch (IOException e) {
            boolean forbidden = String.valueOf(e.getMessage()).contains("Permission denied");
            return Optional.of(forbidden ? "needs root: choose one from 1024 on" : taken(port));
        }
    }

    static String taken(int port) {
        return "is taken: stop what listens there (see: lsof -i :" + port + ") or choose another";
    }

    /// Whether a server accepts connections at `host:port`.
    public static boolean answers(String host, int port) {
        try (var socket = new Socket()) {
            socket.connect(new InetSocketAddress(host, port), CONNECT_TIMEOUT_MILLIS);
            return true;
        } catch (IOException _) {
            return false;
        }
    }
}
