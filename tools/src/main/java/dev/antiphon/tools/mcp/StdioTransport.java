package dev.antiphon.tools.mcp;

import dev.antiphon.servers.ChildProcess;
import dev.antiphon.time.Time;

import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.json.McpJsonMapper;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import reactor.core.publisher.Mono;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/// An MCP server as a child process, with one JSON message per line. The client's own transport starts a process that
/// survives a killed worker, and reads lines of unlimited length.
///
/// Uses three threads, which end with the process. Messages to the process wait in a queue of 1,000; when the queue is
/// full, the call fails, because the process does not read.
final class StdioTransport implements McpClientTransport, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(StdioTransport.class);

    /// A longer message ends the process: no useful tool result is that long.
    private static final int MAX_LINE = 4 * 1024 * 1024;

    private static final int MAX_LOGGED = 500;
    private static final int MAX_WAITING = 1_000;
    private static final Duration LEAVES_WITHIN = Duration.ofSeconds(1);
    private static final Duration STOP_GRACE = Duration.ofSeconds(2);

    /// The variables that a program needs to run at all. The others can be our secrets.
    private static final Set<String> HANDED_ON =
            Set.of(
                    "HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "TZ",
                    "USER");

    private final String name;
    private final ChildProcess process;
    private final Time time;
    private final McpJsonMapper json = McpJsonDefaults.getMapper(); // writes the SDK's own types
    private final BlockingQueue<byte[]> outgoing = new ArrayBlockingQueue<>(MAX_WAITING);
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private volatile String lastWords = "";

    private StdioTransport(String name, ChildProcess process, Time time) {
        this.name = name;
        this.process = process;
        this.time = time;
        time.steadyThread("mcp-log-" + name, this::readErrors).start();
        var _ = process.onExit().thenAccept(_ -> ended.complete(null));
    }

    /// Starts the process.
    ///
    /// @throws java.io.UncheckedIOException when there is no such program
    static StdioTransport start(McpServer.Local server, Time time) {
        var builder = new ProcessBuilder(server.command());
        Map<String, String> environment = builder.environment();
        environment.keySet().retainAll(HANDED_ON);
        environment.putAll(server.environment());
        return new StdioTransport(server.name(), ChildProcess.startConnected(builder), time);
    }

    /// Completes when the process has ended.
    CompletableFuture<Void> ended() {
        return ended;
    }

    /// The last line of its standard error, which often says why it ended.
    String lastWords() {
        return lastWords;
    }

    long pid() {
        return process.pid();
    }

    @Override
    public Mono<Void> connect(Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> handler) {
        return Mono.fromRunnable(() -> {
            time.steadyThread("mcp-in-" + name, () -> read(handler)).start();
            time.steadyThread("mcp-out-" + name, this::write).start();
        });
    }

    private void read(Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> handler) {
        try (BufferedReader lines = reader(process.output())) {
            for (String line = line(lines); line != null; line = line(lines)) {
                take(line, handler);
            }
        } catch (IOException e) {
            LOG.atDebug()
                    .addKeyValue("server", name)
                    .setCause(e)
                    .log("output of an MCP server ended");
        } finally {
            close();
        }
    }

    private void take(String line, Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> handler) {
        JSONRPCMessage message;
        try {
            message = McpSchema.deserializeJsonRpcMessage(json, line);
        } catch (IOException | RuntimeException e) {
            // Some servers print a greeting before their first message.
            LOG.atDebug()
                    .addKeyValue("server", name)
                    .log("MCP server wrote a line that is not a message");
            return;
        }
        handler.apply(Mono.just(message)).subscribe();
    }

    private void write() {
        try (OutputStream input = process.input()) {
            while (!ended.isDone()) {
                input.write(outgoing.take());
                input.flush();
            }
        } catch (IOException e) {
            LOG.atDebug()
                    .addKeyValue("server", name)
                    .setCause(e)
                    .log("input of an MCP server ended");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void readErrors() {
        try (BufferedReader lines = reader(process.errors())) {
            for (String line = line(lines); line != null; line = line(lines)) {
                lastWords = line.substring(0, Math.min(line.length(), MAX_LOGGED));
                LOG.atDebug()
                        .addKeyValue("server", name)
                        .addKeyValue("line", lastWords)
                        .log("output of an MCP server");
            }
        } catch (IOException e) {
            LOG.atDebug()
                    .addKeyValue("server", name)
                    .setCause(e)
                    .log("standard error of an MCP server ended");
        }
    }

    private static BufferedReader reader(InputStream from) {
        return new BufferedReader(new InputStreamReader(from, StandardCharsets.UTF_8));
    }

    /// The next line, or null at the end.
    private static @Nullable String line(BufferedReader from) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = from.read(); next != '\n'; next = from.read()) {
            if (next < 0) {
                return line.isEmpty() ? null : line.toString();
            }
            if (line.length() == MAX_LINE) {
                throw new IOException("a line of more than " + MAX_LINE + " characters");
            }
            line.append((char) next);
        }
        return line.toString();
    }

    @Override
    public Mono<Void> sendMessage(JSONRPCMessage message) {
        return Mono.fromRunnable(() -> {
            try {
                String line = json.writeValueAsString(message) + "\n";
                if (ended.isDone() || !outgoing.offer(line.getBytes(StandardCharsets.UTF_8))) {
                    throw new IllegalStateException(name + " accepts no messages");
                }
            } catch (IOException e) {
                throw new IllegalArgumentException(e);
            }
        });
    }

    @Override
    public <T> T unmarshalFrom(Object data, TypeRef<T> type) {
        return json.convertValue(data, type);
    }

    @Override
    public Mono<Void> closeGracefully() {
        return Mono.fromRunnable(this::close);
    }

    /// Ends the process as MCP 2025-06-18 (lifecycle, shutdown) requires: first by closing its input, then with
    /// signals. Its own children, for example of `npx`, end with it.
    @Override
    public void close() {
        List<ProcessHandle> children =
                ProcessHandle.of(process.pid())
                        .map(handle -> handle.descendants().toList())
                        .orElse(List.of());
        try {
            process.input().close();
            if (!process.awaitExit(LEAVES_WITHIN)) {
                process.stop(STOP_GRACE);
            }
        } catch (IOException e) {
            process.stop(STOP_GRACE);
        } catch (InterruptedException e) {
            process.kill();
            Thread.currentThread().interrupt();
        }
        children.forEach(ProcessHandle::destroyForcibly);
        ended.complete(null);
        var _ = outgoing.offer(new byte[0]); // wakes the writer
    }
}
