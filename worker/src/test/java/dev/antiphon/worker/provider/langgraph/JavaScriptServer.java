package dev.antiphon.worker.provider.langgraph;

import dev.antiphon.protocol.SessionId;
import dev.antiphon.servers.ChildProcess;
import dev.antiphon.servers.NodePackages;
import dev.antiphon.servers.Ports;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;

/// LangGraph's own server from npm, with the graphs of `src/test/resources/langgraph`, on a free port. It can be killed
/// and started again, with its data or without.
public final class JavaScriptServer implements AutoCloseable {

    private static final Path SOURCE = Path.of("src/test/resources/langgraph").toAbsolutePath();
    private static final Path INSTALLED = Path.of("target/langgraph").toAbsolutePath();

    /// It takes one or two seconds.
    private static final Duration READY_WITHIN = Duration.ofSeconds(60);

    private static final Duration PROBE_EVERY = Duration.ofMillis(50);

    // It takes a wish to speak HTTP/2 for one to open a WebSocket.
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final JsonMapper json = new JsonMapper();
    private final int port = Ports.free();
    private final Path folder;
    private @Nullable ChildProcess process;

    private JavaScriptServer(Path folder) {
        this.folder = folder;
    }

    /// Installs it the first time, and returns when it serves.
    public static JavaScriptServer start() throws Exception {
        NodePackages.install(SOURCE, INSTALLED);
        JavaScriptServer server =
                new JavaScriptServer(Files.createTempDirectory("antiphon-langgraph-"));
        server.launch();
        return server;
    }

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
                throw new IllegalStateException("the server does not come up: " + log);
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

    /// Kills it as a crash would.
    public void kill() {
        ChildProcess latest = process;
        if (latest != null) {
            latest.kill();
        }
    }

    /// Starts it again with what it had saved.
    public void restart() throws Exception {
        kill();
        launch();
    }

    /// Starts it again as one that has forgotten everything.
    public void restartEmpty() throws Exception {
        kill();
        delete(folder.resolve(".langgraph_api"));
        launch();
    }

    /// The runs of a session's thread.
    public List<JsonNode> runs(SessionId session, String incarnation) throws Exception {
        JsonNode runs =
                get("/threads/" + LangGraphServer.thread(session, incarnation) + "/runs?limit=100");
        return runs.isArray() ? runs.valueStream().toList() : List.of();
    }

    List<JsonNode> runs(SessionId session) throws Exception {
        return runs(session, LangGraphCalls.INCARNATION);
    }

    boolean hasThread(SessionId session) throws Exception {
        return hasThread(session, LangGraphCalls.INCARNATION);
    }

    /// Whether the session's thread is there.
    public boolean hasThread(SessionId session, String incarnation) throws Exception {
        String path = "/threads/" + LangGraphServer.thread(session, incarnation);
        return client.send(
                                HttpRequest.newBuilder(URI.create(url() + path)).build(),
                                BodyHandlers.ofString())
                        .statusCode()
                == 200;
    }

    /// The statuses of a session's runs.
    List<String> statuses(SessionId session) throws Exception {
        return runs(session).stream().map(run -> run.path("status").asString("")).toList();
    }

    /// What the thread's messages say, oldest first.
    List<String> messages(SessionId session) throws Exception {
        JsonNode state =
                get(
                        "/threads/"
                                + LangGraphServer.thread(session, LangGraphCalls.INCARNATION)
                                + "/state");
        return state.path("values")
                .path("messages")
                .valueStream()
                .map(message -> message.path("content").asString(""))
                .toList();
    }

    /// Whether the server has written down that a message's run runs.
    public boolean hasSavedAsRunning(String message) throws IOException {
        Path saved = folder.resolve(".langgraph_api/.langgraphjs_ops.json");
        return Files.exists(saved)
                && json.readTree(Files.readString(saved))
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
        return json.readTree(
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
