package dev.antiphon.cli;

import dev.antiphon.gateway.Gateway;
import dev.antiphon.gateway.GatewayConfig;
import dev.antiphon.protocol.Environment;
import dev.antiphon.protocol.Environment.Variable;
import dev.antiphon.providers.DemoFactory;
import dev.antiphon.providers.ModelProviders;
import dev.antiphon.servers.NatsServer;
import dev.antiphon.servers.RedisServer;
import dev.antiphon.worker.Worker;
import dev.antiphon.worker.WorkerConfig;

import picocli.CommandLine.Command;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.Callable;

/// Plays one whole chat in one JVM: servers, gateway, worker, and a browser's two requests. The launcher runs it once
/// after a build to record an AOT cache: the classes that every process loads, linked, with profiles of the important
/// methods. With it, a process starts with half the CPU time.
@Command(name = "rehearse", hidden = true)
final class RehearseCommand implements Callable<Integer> {
    // Enough for the JVM to find the hot code, and only a fraction of a second.
    private static final int CHATS = 20;
    private static final int READ_TIMEOUT_MILLIS = 10_000;

    @Override
    public Integer call() throws IOException, InterruptedException {
        try (var nats = NatsServer.start();
                var redis = RedisServer.start()) {
            Environment environment =
                    ModelProviders.environment(
                            Map.of(
                                    Variable.NATS_URL.name(),
                                    nats.url(),
                                    Variable.REDIS_HOST.name(),
                                    "127.0.0.1",
                                    Variable.REDIS_PORT.name(),
                                    "" + redis.port(),
                                    Variable.SERVER_PORT.name(),
                                    "0",
                                    DemoFactory.DELAY,
                                    "0ms"));
            try (var _ = Worker.open(WorkerConfig.from(environment));
                    var gateway = Gateway.open(GatewayConfig.from(environment))) {
                for (int i = 0; i < CHATS; i++) {
                    chat(gateway.port(), "rehearsal-" + i);
                }
            }
        }
        return 0;
    }

    private static void chat(int port, String session) throws IOException {
        try (var stream = connect(port);
                var events = reader(stream)) {
            send(
                    stream,
                    "GET /api/sse?session_id=%s&user_id=rehearsal HTTP/1.1\r\nHost: localhost\r\n\r\n"
                            .formatted(session));
            awaitLine(events, "event: connected");
            post(port, session);
            awaitLine(events, "event: message_complete");
        }
    }

    private static void post(int port, String session) throws IOException {
        String body =
                "{\"session_id\":\"%s\",\"user_id\":\"rehearsal\",\"message\":\"Hello, how are you?\"}"
                        .formatted(session);
        try (var request = connect(port);
                var answer = reader(request)) {
            send(
                    request,
                    """
                    POST /api/chat HTTP/1.1\r
                    Host: localhost\r
                    Content-Type: application/json\r
                    Content-Length: %d\r
                    Connection: close\r
                    \r
                    %s\
                    """
                            .formatted(body.length(), body));
            awaitLine(answer, "HTTP/1.1 202");
        }
    }

    private static Socket connect(int port) throws IOException {
        var socket = new Socket(InetAddress.ofLiteral("127.0.0.1"), port);
        socket.setSoTimeout(READ_TIMEOUT_MILLIS);
        return socket;
    }

    private static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
    }

    private static BufferedReader reader(Socket socket) throws IOException {
        return new BufferedReader(
                new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
    }

    private static void awaitLine(BufferedReader lines, String start) throws IOException {
        String line = lines.readLine();
        while (line != null && !line.startsWith(start)) {
            line = lines.readLine();
        }
        if (line == null) {
            throw new IOException("the answer ended before: " + start);
        }
    }
}
