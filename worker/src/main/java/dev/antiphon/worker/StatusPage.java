package dev.antiphon.worker;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;

import dev.antiphon.backplane.Backplane;
import dev.antiphon.backplane.RedisState;
import dev.antiphon.engine.run.SessionRunner;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.WorkerId;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// Reports the worker's state over HTTP, to Prometheus and to process managers: `/metrics`, `/health`, `/health/live`,
/// `/health/ready`. Listens from the start, also while the worker still waits for servers.
final class StatusPage implements AutoCloseable {

    static {
        // The JDK's server reads these once. A client that never ends its request must not occupy a
        // thread forever.
        System.setProperty("jdk.httpserver.maxConnections", "100");
        System.setProperty("sun.net.httpserver.maxReqTime", "10");
        System.setProperty("sun.net.httpserver.maxRspTime", "10");
        System.setProperty("sun.net.httpserver.nodelay", "true");
    }

    private static final String JSON = "application/json";
    private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";
    private static final int BACKLOG = 16;

    /// The state that is reported, from when the worker works until it stops.
    private record Serving(
            WorkerId worker,
            SessionRunner runner,
            Backplane backplane,
            Meters meters,
            boolean stopping) {

        /// Without NATS the worker gets no work; without Redis it can do none.
        boolean healthy() {
            return !stopping
                    && backplane.natsConnected()
                    && backplane.redisState() == RedisState.WELL;
        }
    }

    private final HttpServer server;

    /// One thread per request; the server accepts a hundred connections.
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    private volatile @Nullable Serving serving;

    private StatusPage(HttpServer server) {
        this.server = server;
        server.setExecutor(threads);
        server.createContext("/", this::answer);
        server.start();
    }

    /// Starts to listen.
    ///
    /// @param port 0 for a free one
    /// @throws IllegalArgumentException when the port is not available, with one line that names it
    static StatusPage open(String host, int port) {
        try {
            return new StatusPage(HttpServer.create(new InetSocketAddress(host, port), BACKLOG));
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "cannot listen on port %d of %s: %s; choose another with CHAT_WORKER_PORT"
                            .formatted(port, host, e.getMessage()),
                    e);
        }
    }

    int port() {
        return server.getAddress().getPort();
    }

    /// Starts to report the worker's state.
    ///
    /// @return to be closed when the worker begins to stop: it is not ready then
    AutoCloseable serve(WorkerId worker, SessionRunner runner, Backplane backplane, Meters meters) {
        serving = new Serving(worker, runner, backplane, meters, false);
        return () -> serving = new Serving(worker, runner, backplane, meters, true);
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            if (!Set.of("GET", "HEAD").contains(exchange.getRequestMethod())) {
                exchange.getResponseHeaders().set("Allow", "GET, HEAD");
                send(exchange, 405, JSON, status("method_not_allowed"));
                return;
            }
            Serving now = serving;
            boolean ready = now != null && now.healthy();
            switch (exchange.getRequestURI().getPath()) {
                case "/health" -> send(exchange, ready ? 200 : 503, JSON, report(now));
                case "/health/live" -> send(exchange, 200, JSON, status("live"));
                case "/health/ready" ->
                        send(
                                exchange,
                                ready ? 200 : 503,
                                JSON,
                                status(ready ? "ready" : "unavailable"));
                case "/metrics" -> {
                    if (now == null) {
                        send(exchange, 503, JSON, status("unavailable"));
                    } else {
                        byte[] text = now.meters().text().getBytes(StandardCharsets.UTF_8);
                        send(exchange, 200, PROMETHEUS, text);
                    }
                }
                default -> send(exchange, 404, JSON, status("not_found"));
            }
        }
    }

    private static byte[] report(@Nullable Serving now) {
        boolean nats = now != null && now.backplane().natsConnected();
        RedisState redis = now == null ? RedisState.UNAVAILABLE : now.backplane().redisState();
        ObjectNode report = Json.object();
        report.put("status", now != null && now.healthy() ? "healthy" : "degraded");
        if (now != null) {
            report.put("worker_id", now.worker().value());
        }
        report.put("timestamp", Instant.now().getEpochSecond());
        report.put("active_runs", now == null ? 0 : now.runner().runs());
        report.put("active_sessions", now == null ? 0 : now.runner().sessions());
        report.put("nats_connected", nats);
        report.put("redis_connected", redis != RedisState.UNAVAILABLE);
        if (redis != RedisState.WELL) {
            report.put("redis", redis.wire());
        }
        return Json.bytes(report);
    }

    private static byte[] status(String status) {
        return Json.bytes(Json.object().put("status", status));
    }

    private static void send(HttpExchange exchange, int code, String type, byte[] body)
            throws IOException {
        exchange.getResponseHeaders().set("Content-Type", type);
        if (exchange.getRequestMethod().equals("HEAD")) {
            exchange.sendResponseHeaders(code, -1);
        } else {
            exchange.sendResponseHeaders(code, body.length);
            exchange.getResponseBody().write(body);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
