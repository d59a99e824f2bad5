package dev.antiphon.bench.load;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;

import dev.antiphon.bench.client.Dialect;
import dev.antiphon.bench.client.Target;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A chat server with the routes of PROTOCOL.md §4 whose answers a test writes, right or wrong.
final class ScriptedServer implements AutoCloseable {

    /// Writes the events of one answer.
    interface Script {
        List<String> events(String message, String text);
    }

    /// The event that closes the stream, in a script.
    static final String CLOSE = "close";

    private static final Pattern SESSION = Pattern.compile("session_id\":\"([^\"]+)");
    private static final Pattern MESSAGE = Pattern.compile("message_id\":\"([^\"]+)");
    private static final Pattern TEXT = Pattern.compile("\"message\":\"([^\"]+)");

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Script script;
    private final int status;
    private final Map<String, BlockingQueue<String>> streams = new ConcurrentHashMap<>();

    /// @param status of the response to a message
    ScriptedServer(int status, Script script) throws IOException {
        this.script = script;
        this.status = status;
        this.server =
                HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 0);
        server.setExecutor(threads);
        server.createContext("/api/sse", this::stream);
        server.createContext("/api/chat", this::post);
        server.start();
    }

    Target target() {
        return new Target(List.of(server.getAddress()), Dialect.STREAM);
    }

    private BlockingQueue<String> events(String session) {
        return streams.computeIfAbsent(session, _ -> new LinkedBlockingQueue<>());
    }

    private void stream(HttpExchange exchange) throws IOException {
        String query = exchange.getRequestURI().getQuery();
        String session = query.replaceAll(".*session_id=([^&]+).*", "$1");
        exchange.getResponseHeaders().add("Content-Type", "text/event-stream");
        exchange.sendResponseHeaders(200, 0);
        try (OutputStream out = exchange.getResponseBody()) {
            write(out, event("connected", "{}"));
            while (true) {
                String next = events(session).take();
                if (next.equals(CLOSE)) {
                    return;
                }
                write(out, next);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private static void write(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.flush();
    }

    private void post(HttpExchange exchange) throws IOException {
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, -1);
        exchange.close();
        if (status == 202) {
            String session = found(SESSION, body);
            events(session).addAll(script.events(found(MESSAGE, body), found(TEXT, body)));
        }
    }

    private static String found(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        if (!matcher.find()) {
            throw new IllegalArgumentException(pattern + " is not in " + text);
        }
        return matcher.group(1);
    }

    static String event(String name, String data) {
        return "event: " + name + "\ndata: " + data + "\n\n";
    }

    static String chunk(String message, int number, String text) {
        return event(
                "chunk",
                "{\"session_id\":\"s\",\"message_id\":\"%s\",\"chunk_id\":%d,\"chunk\":\"%s\"}"
                        .formatted(message, number, text));
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
