package dev.antiphon.tools.mcp;

import dev.antiphon.api.tool.Tool;
import dev.antiphon.api.tool.ToolFailure;
import dev.antiphon.time.Time;
import dev.antiphon.tools.OmittedTools;

import io.modelcontextprotocol.client.McpAsyncClient;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpError;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.ListToolsResult;
import io.modelcontextprotocol.spec.McpTransportSessionNotFoundException;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import reactor.core.publisher.Mono;

import java.net.URI;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/// One connection to a running server, from its greeting to its end.
final class McpSession implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(McpSession.class);

    /// Tools of one server; further ones are ignored.
    private static final int MAX_TOOLS = 128;

    /// `npx` may have to download a package first.
    private static final Duration GREETS_WITHIN = Duration.ofSeconds(60);

    private static final Duration ANSWERS_WITHIN = Duration.ofSeconds(10);
    private static final Duration LOOK_EVERY = Duration.ofSeconds(15);
    private static final Duration CLOSES_WITHIN = Duration.ofSeconds(5);

    /// Lists of tools have pages. An endless list is read this far.
    private static final int MAX_PAGES = 32;

    private static final Duration LISTS_WITHIN = Duration.ofSeconds(30);

    /// Between two reads of a list that changes all the time.
    private static final Duration LISTS_EVERY = Duration.ofSeconds(1);

    /// Longer than any tool call can take: the caller has a limit.
    private static final Duration NEVER = Duration.ofHours(2);

    private static final int MAX_RESPONSE_BYTES = 4 * 1024 * 1024;

    private final McpServer server;
    private final Time time;
    private final GuardedTransport transport;
    private final CompletableFuture<Void> ended;

    /// What is known of the reason for its end.
    private final Supplier<String> lastWords;

    private final McpAsyncClient client;
    private final OmittedTools omitted;
    private volatile List<Tool> tools = List.of();

    /// Completes when {@link #awaitEnd} has something to do; it then creates another one.
    private volatile CompletableFuture<Void> news = new CompletableFuture<>();

    private volatile boolean toolsChanged;

    private McpSession(
            McpServer server,
            Time time,
            OmittedTools omitted,
            McpClientTransport transport,
            CompletableFuture<Void> ended,
            Supplier<String> lastWords) {
        this.server = server;
        this.time = time;
        this.omitted = omitted;
        this.transport =
                new GuardedTransport(
                        transport,
                        () -> {
                            toolsChanged = true;
                            news.complete(null);
                        },
                        (tool, reason) -> omitted.tool(McpTool.id(server.name(), tool), reason));
        this.ended = ended;
        this.lastWords = lastWords;
        var _ = ended.thenRun(() -> news.complete(null));
        this.client =
                McpClient.async(this.transport)
                        .clientInfo(McpSchema.Implementation.builder("antiphon", "0.1.0").build())
                        .initializationTimeout(GREETS_WITHIN)
                        .requestTimeout(NEVER)
                        .build();
    }

    /// Connects, and requests the tools. Blocks until they have arrived.
    ///
    /// @throws McpUnavailable when the server does not start
    static McpSession open(McpServer server, Time time, OmittedTools omitted)
            throws McpUnavailable, InterruptedException {
        McpSession session =
                switch (server) {
                    case McpServer.Local process -> {
                        StdioTransport started = StdioTransport.start(process, time);
                        yield new McpSession(
                                server,
                                time,
                                omitted,
                                started,
                                started.ended(),
                                started::lastWords);
                    }
                    case McpServer.Remote http ->
                            new McpSession(
                                    server,
                                    time,
                                    omitted,
                                    transport(http),
                                    new CompletableFuture<>(),
                                    () -> "");
                };
        try {
            session.answer(session.client.initialize(), GREETS_WITHIN);
            session.readTools();
            return session;
        } catch (McpUnavailable | InterruptedException | RuntimeException e) {
            session.close();
            throw e;
        }
    }

    private static McpClientTransport transport(McpServer.Remote http) {
        URI url = http.url();
        HttpRequest.Builder request = HttpRequest.newBuilder();
        http.headers().forEach(request::header);
        String query = url.getRawQuery() == null ? "" : "?" + url.getRawQuery();
        return HttpClientStreamableHttpTransport.builder(
                        url.getScheme() + "://" + url.getRawAuthority())
                .endpoint(url.getRawPath() + query)
                .requestBuilder(request)
                .connectTimeout(ANSWERS_WITHIN)
                .maxResponseSize(MAX_RESPONSE_BYTES)
                .build();
    }

    /// Reads the list of tools, page by page. Stops at a cursor that does not advance and in an endless list: the tools
    /// up to there count. Leaves out a tool that models cannot be offered.
    private void readTools() throws McpUnavailable, InterruptedException {
        long start = time.nanoTime();
        Map<String, Tool> read = new LinkedHashMap<>();
        Set<String> cursors = new HashSet<>();
        String cursor = McpSchema.FIRST_PAGE;
        do {
            ListToolsResult page = answer(client.listTools(cursor), ANSWERS_WITHIN);
            page.tools().forEach(tool -> take(tool, read));
            cursor = page.nextCursor(); // an empty text is a cursor too
            boolean isCutOff =
                    cursor != null
                            && (!cursors.add(cursor)
                                    || cursors.size() == MAX_PAGES
                                    || time.nanoTime() - start > LISTS_WITHIN.toNanos());
            if (isCutOff) {
                LOG.atWarn()
                        .addKeyValue("server", server)
                        .addKeyValue("pages", cursors.size())
                        .addKeyValue("tools", read.size())
                        .log("MCP server sent an endless list of tools, ignoring the rest");
                break;
            }
        } while (cursor != null && read.size() < MAX_TOOLS);
        tools = List.copyOf(read.values());
    }

    private void take(McpSchema.Tool tool, Map<String, Tool> read) {
        if (read.size() == MAX_TOOLS || read.containsKey(tool.name())) {
            return;
        }
        try {
            read.put(tool.name(), McpTool.of(server.name(), tool, this));
        } catch (IllegalArgumentException e) {
            omitted.tool(McpTool.id(server.name(), tool.name()), e.getMessage());
        }
    }

    List<Tool> tools() {
        return tools;
    }

    /// Calls a tool. Blocks until it answers; an interrupt is passed on to the server.
    ///
    /// A server that has lost the session has not run the call, because it refuses the whole request (MCP 2025-06-18,
    /// session management). So the call is sent again, in a new session.
    CallToolResult call(String tool, Map<String, Object> arguments, String key)
            throws ToolFailure, InterruptedException {
        try {
            try {
                return called(tool, arguments, key);
            } catch (McpTransportSessionNotFoundException e) {
                transport.renew(e);
                return called(tool, arguments, key);
            }
        } catch (McpTransportSessionNotFoundException e) {
            throw new ToolFailure(
                    "The tool's server lost the session twice; the tool was not called.");
        }
    }

    private CallToolResult called(String tool, Map<String, Object> arguments, String key)
            throws ToolFailure, InterruptedException {
        CompletableFuture<CallToolResult> answer =
                client.callTool(
                                new CallToolRequest(
                                        tool, arguments, Map.of(GuardedTransport.KEY, key)))
                        .toFuture();
        try {
            return answer.get(); // completes when the session ends, at the latest
        } catch (ExecutionException e) {
            if (e.getCause() instanceof McpError refused) {
                throw new ToolFailure(String.valueOf(refused.getMessage()));
            }
            if (e.getCause() instanceof McpTransportSessionNotFoundException forgotten) {
                throw forgotten;
            }
            LOG.atWarn()
                    .addKeyValue("server", server)
                    .addKeyValue("reason", reason(e))
                    .log("MCP call failed: connection lost");
            throw ToolFailure.outcomeUnknown("The connection to the tool's server was lost.");
        } catch (InterruptedException e) {
            transport.cancel(key);
            throw e;
        } finally {
            transport.ended(key);
            answer.cancel(true);
        }
    }

    /// Blocks until the server is lost, and reads its tools again when they have changed. A process is lost when it has
    /// ended; a service when it no longer answers a ping, sent every 15 s.
    ///
    /// @throws McpUnavailable when the changed tools cannot be read
    void awaitEnd() throws McpUnavailable, InterruptedException {
        while (!ended.isDone()) {
            try {
                time.get(news, LOOK_EVERY);
                news = new CompletableFuture<>(); // before the check, so that no change is missed
            } catch (TimeoutException e) {
                if (server instanceof McpServer.Remote && !answersPing()) {
                    ended.complete(null);
                }
            } catch (ExecutionException e) {
                throw new AssertionError("it never fails", e);
            }
            if (toolsChanged && !ended.isDone()) {
                toolsChanged = false;
                readTools();
                time.sleep(LISTS_EVERY.toNanos());
            }
        }
    }

    /// Whether the server lives. Any answer proves it, even an error that says that ping is not supported.
    private boolean answersPing() throws InterruptedException {
        try {
            answer(client.ping(), ANSWERS_WITHIN);
            return true;
        } catch (McpUnavailable e) {
            if (root(e) instanceof McpError) {
                return true;
            }
            LOG.atDebug().addKeyValue("server", server).setCause(e).log("no answer to a ping");
            return false;
        }
    }

    private <T> T answer(Mono<T> asked, Duration within)
            throws McpUnavailable, InterruptedException {
        CompletableFuture<T> answer = asked.toFuture();
        var _ = ended.thenRun(() -> answer.completeExceptionally(gone()));
        try {
            return time.get(answer, within);
        } catch (ExecutionException e) {
            throw ended.isDone() ? gone() : new McpUnavailable(reason(e), e);
        } catch (TimeoutException e) {
            throw new McpUnavailable("it does not answer within " + within.toSeconds() + " s", e);
        } finally {
            answer.cancel(true);
        }
    }

    /// The client wraps the cause in several layers without information.
    private static String reason(Throwable e) {
        Throwable root = root(e);
        return root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
    }

    private static Throwable root(Throwable e) {
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root;
    }

    private McpUnavailable gone() {
        return new McpUnavailable("it has ended; its last output: " + lastWords.get());
    }

    /// Ends the connection, and the process if there is one. Within a few seconds.
    @Override
    public void close() {
        try {
            time.get(client.closeGracefully().toFuture(), CLOSES_WITHIN);
        } catch (TimeoutException | ExecutionException e) {
            LOG.atDebug()
                    .addKeyValue("server", server)
                    .setCause(e)
                    .log("MCP server did not close the connection");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            transport.close();
            ended.complete(null);
        }
    }
}
