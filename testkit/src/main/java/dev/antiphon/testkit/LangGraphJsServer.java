package dev.antiphon.testkit;

import dev.antiphon.protocol.Json;
import dev.antiphon.servers.ChildProcess;
import dev.antiphon.servers.NodePackages;
import dev.antiphon.servers.Ports;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;

/// LangGraph's own server from npm, with the graphs in the resource folder `langgraph`, on a free port. A test can kill
/// it and start it again, with its data or without. Node and npm must be installed.
public final class LangGraphJsServer implements AutoCloseable {

    private static final List<String> PROGRAM =
            List.of(
                    "package.json",
                    "package-lock.json",
                    "server.mjs",
                    "graphs.mjs",
                    "none/package.json");

    private static final Path SOURCE = Path.of("target/langgraph-source").toAbsolutePath();
    private static final Path INSTALLED = Path.of("target/langgraph").toAbsolutePath();

    /// Starting takes one or two seconds.
    private static final Duration READY_WITHIN = Duration.ofSeconds(60);

    private static final Duration PROBE_EVERY = Duration.ofMillis(50);

    // The server opens a WebSocket for a client that asks to upgrade to HTTP/2.
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final int port = Ports.free();
    private final Path folder;
    private @Nullable ChildProcess process;

    private LangGraphJsServer(Path folder) {
        this.folder = folder;
    }

    /// Installs the server the first time, and returns when it serves.
    public static LangGraphJsServer start() throws Exception {
        unpack();
        NodePackages.install(SOURCE, INSTALLED);
        LangGraphJsServer server =
                new LangGraphJsServer(Files.createTempDirectory("antiphon-langgraph-"));
        server.launch();
        return server;
    }

    private static void unpack() throws IOException {
        for (String file : PROGRAM) {
            Path target = SOURCE.resolve(file);
            Files.createDirectories(target.resolveSibling("."));
            try (InputStream resource =
                    LangGraphJsServer.class.getResourceAsStream("langgraph/" + file)) {
                Files.copy(
                        Objects.requireNonNull(resource),
                        target,
                        StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }

    /// The address of the server.
    public String url() {
        return "http://127.0.0.1:" + port;
    }

    private void launch() throws Exception {
        ProcessBuilder builder =
                new ProcessBuilder(
                                NodePackages.path("node").toString(),
                                INSTALLED.resolve("server.mjs").toString(),
                                String.valueOf(port),
                                folder.toString())
                        .directory(folder.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(
                                ProcessBuilder.Redirect.appendTo(
                                        folder.resolve("server.log").toFile()));
        // Nothing leaves this machine: no traces, and no analytics.
        for (String tracing :
                List.of(
                        "LANGSMITH_TRACING",
                        "LANGSMITH_TRACING_V2",
                        "LANGCHAIN_TRACING",
                        "LANGCHAIN_TRACING_V2")) {
            builder.environment().put(tracing, "false");
        }
        builder.environment().put("LANGGRAPH_CLI_NO_ANALYTICS", "1");
        ChildProcess started = ChildProcess.start(builder);
        process = started;
        long deadline = System.nanoTime() + READY_WITHIN.toNanos();
        while (!serves()) {
            if (started.awaitExit(PROBE_EVERY) || System.nanoTime() > deadline) {
                String log = Files.readString(folder.resolve("server.log"));
                close();
                throw new IllegalStateException("the server did not start: " + log);
            }
        }
    }

    private boolean serves() throws InterruptedException {
        try {
            return client.send(
                                    HttpRequest.newBuilder(URI.create(url() + "/ok")).build(),
                                    BodyHandlers.discarding())
                            .statusCode()
                    == 200;
        } catch (IOException e) {
            return false;
        }
    }

    /// Kills the server as a crash would.
    public void kill() {
        ChildProcess latest = process;
        if (latest != null) {
            latest.kill();
        }
    }

    /// Starts the server again with the data that it saved.
    public void restart() throws Exception {
        kill();
        launch();
    }

    /// Starts the server again without its data.
    public void restartEmpty() throws Exception {
        kill();
        delete(folder.resolve(".langgraph_api"));
        launch();
    }

    /// The runs of a thread.
    public List<JsonNode> runs(String thread) throws Exception {
        JsonNode runs = get("/threads/" + thread + "/runs?limit=100");
        return runs.isArray() ? runs.valueStream().toList() : List.of();
    }

    /// Whether the thread exists.
    public boolean hasThread(String thread) throws Exception {
        return client.send(
                                HttpRequest.newBuilder(URI.create(url() + "/threads/" + thread))
                                        .build(),
                                BodyHandlers.ofString())
                        .statusCode()
                == 200;
    }

    /// The statuses of a thread's runs.
    public List<String> statuses(String thread) throws Exception {
        return runs(thread).stream().map(run -> run.path("status").asString("")).toList();
    }

    /// The texts of the thread's messages, oldest first.
    public List<String> messages(String thread) throws Exception {
        return get("/threads/" + thread + "/state")
                .path("values")
                .path("messages")
                .valueStream()
                .map(message -> message.path("content").asString(""))
                .toList();
    }

    /// Whether the server has recorded that the run of a message is running.
    public boolean hasSavedAsRunning(String message) throws IOException {
        Path saved = folder.resolve(".langgraph_api/.langgraphjs_ops.json");
        return Files.exists(saved)
                && Json.valueOfService(Files.readString(saved))
                        .path("json")
                        .path("runs")
                        .valueStream()
                        .anyMatch(run ->
                                run.path("status").asString("").equals("running")
                                        && run.path("metadata")
                                                .path("antiphon_message")
                                                .asString("")
                                                .equals(message));
    }

    private JsonNode get(String path) throws Exception {
        return Json.valueOfService(
                client.send(
                                HttpRequest.newBuilder(URI.create(url() + path)).build(),
                                BodyHandlers.ofString())
                        .body());
    }

    @Override
    public void close() {
        kill();
        client.close();
        delete(folder);
    }

    private static void delete(Path folder) {
        try (var files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
