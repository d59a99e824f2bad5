package dev.antiphon.worker.mcp;

import dev.antiphon.worker.time.Time;
import dev.antiphon.worker.tool.Tool;
import dev.antiphon.worker.tool.ToolFailure;

import io.modelcontextprotocol.client.McpAsyncClient;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpError;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import reactor.core.publisher.Mono;

import java.net.URI;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/// One connection to a server that is there, from its greeting to its end.
final class McpSession implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(McpSession.class);

    /// Of one server; further ones are not seen.
    private static final int MAX_TOOLS = 128;

    /// `npx` may have to fetch a package first.
    private static final Duration GREETS_WITHIN = Duration.ofSeconds(60);

    private static final Duration ANSWERS_WITHIN = Duration.ofSeconds(10);
    private static final Duration LOOK_EVERY = Duration.ofSeconds(15);
    private static final Duration CLOSES_WITHIN = Duration.ofSeconds(5);

    /// Longer than any tool call may take: whoever calls has a limit.
    private static final Duration NEVER = Duration.ofHours(2);

    private static final int MAX_RESPONSE_BYTES = 4 * 1024 * 1024;

    private final McpServer server;
    private final Time time;
    private final CancellingTransport transport;
    private final CompletableFuture<Void> ended;

    /// What is known of the reason when it ends.
    private final Supplier<String> lastWords;

    private final McpAsyncClient client;
    private volatile List<Tool> tools = List.of();

    private McpSession(
            McpServer server,
            Time time,
            McpClientTransport transport,
            CompletableFuture<Void> ended,
            Supplier<String> lastWords) {
        this.server = server;
        this.time = time;
        this.transport = new CancellingTransport(transport);
        this.ended = ended;
        this.lastWords = lastWords;
        this.client =
                McpClient.async(this.transport)
                        .clientInfo(McpSchema.Implementation.builder("antiphon", "0.1.0").build())
                        .initializationTimeout(GREETS_WITHIN)
                        .requestTimeout(NEVER)
                        .toolsChangeConsumer(changed -> Mono.fromRunnable(() -> take(changed)))
                        .build();
    }

    /// Connects, and asks for the tools. Blocks until they are there.
    ///
    /// @throws McpUnavailable when the server does not come up
    static McpSession open(McpServer server, Time time)
            throws McpUnavailable, InterruptedException {
        McpSession session =
                switch (server) {
                    case McpServer.Local process -> {
                        StdioTransport started = StdioTransport.start(process, time);
                        yield new McpSession(
                                server, time, started, started.ended(), started::lastWords);
                    }
                    case McpServer.Remote http ->
                            new McpSession(
                                    server,
                                    time,
                                    transport(http),
                                    new CompletableFuture<>(),
                                    () -> "");
                };
        try {
            session.answer(session.client.initialize(), GREETS_WITHIN);
            session.take(session.answer(session.client.listTools(), ANSWERS_WITHIN).tools());
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

    private void take(List<McpSchema.Tool> offered) {
        tools =
                offered.stream()
                        .limit(MAX_TOOLS)
                        .<Tool>map(tool -> new McpTool(server.name(), tool, this))
                        .toList();
    }

    List<Tool> tools() {
        return tools;
    }

    /// Calls a tool. Blocks until it answers; an interrupt is passed on to the server.
    CallToolResult call(String tool, Map<String, Object> arguments, String key)
            throws ToolFailure, InterruptedException {
        CompletableFuture<CallToolResult> answer =
                client.callTool(
                                new CallToolRequest(
                                        tool, arguments, Map.of(CancellingTransport.KEY, key)))
                        .toFuture();
        try {
            return answer.get(); // ends with the session at the latest
        } catch (ExecutionException e) {
            if (e.getCause() instanceof McpError refused) {
                throw new ToolFailure(String.valueOf(refused.getMessage()));
            }
            LOG.atWarn()
                    .addKeyValue("server", server)
                    .addKeyValue("reason", reason(e))
                    .log("an MCP call broke");
            throw ToolFailure.outcomeUnknown("The connection to the tool's server broke.");
        } catch (InterruptedException e) {
            transport.cancel(key);
            throw e;
        } finally {
            transport.ended(key);
            answer.cancel(true);
        }
    }

    /// Blocks until the server is gone. A process is when it has ended; a service when it no longer answers, which costs
    /// it a ping every 15 s.
    void awaitEnd() throws InterruptedException {
        while (!ended.isDone()) {
            try {
                time.get(ended, LOOK_EVERY);
            } catch (TimeoutException e) {
                if (server instanceof McpServer.Remote && !answersPing()) {
                    ended.complete(null);
                }
            } catch (ExecutionException e) {
                throw new AssertionError("it only completes", e);
            }
        }
    }

    private boolean answersPing() throws InterruptedException {
        try {
            answer(client.ping(), ANSWERS_WITHIN);
            return true;
        } catch (McpUnavailable e) {
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

    /// The client wraps what happened in several layers that say nothing.
    private static String reason(Throwable e) {
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
    }

    private McpUnavailable gone() {
        return new McpUnavailable("it has ended; its last words: " + lastWords.get());
    }

    /// Ends the connection, and the process if it is one. Within a few seconds.
    @Override
    public void close() {
        try {
            time.get(client.closeGracefully().toFuture(), CLOSES_WITHIN);
        } catch (TimeoutException | ExecutionException e) {
            LOG.atDebug()
                    .addKeyValue("server", server)
                    .setCause(e)
                    .log("an MCP server did not let go");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            transport.close();
            ended.complete(null);
        }
    }
}
