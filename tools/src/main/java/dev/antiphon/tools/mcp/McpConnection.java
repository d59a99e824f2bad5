package dev.antiphon.tools.mcp;

import dev.antiphon.api.tool.Tool;
import dev.antiphon.time.Time;
import dev.antiphon.tools.OmittedTools;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

import java.time.Duration;
import java.util.List;

/// One server for as long as the worker lives: connected, and connected again whenever it was lost.
final class McpConnection implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(McpConnection.class);

    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(60);

    /// A server that lived this long did not die at its start.
    private static final Duration GOOD_LIFE = Duration.ofSeconds(60);

    private static final Duration CLOSES_WITHIN = Duration.ofSeconds(10);

    private final McpServer server;
    private final Time time;
    private final OmittedTools omitted;
    private final Thread thread;
    private volatile @Nullable McpSession session;

    private McpConnection(McpServer server, Time time, OmittedTools omitted) {
        this.server = server;
        this.time = time;
        this.omitted = omitted;
        this.thread = time.thread("mcp-" + server.name(), this::live);
    }

    /// Starts to connect; does not wait.
    static McpConnection open(McpServer server, Time time, OmittedTools omitted) {
        McpConnection connection = new McpConnection(server, time, omitted);
        connection.thread.start();
        return connection;
    }

    /// No tools while the server is unavailable.
    List<Tool> tools() {
        McpSession current = session;
        return current == null ? List.of() : current.tools();
    }

    private void live() {
        Duration pause = FIRST_PAUSE;
        boolean warned = false;
        while (!Thread.currentThread().isInterrupted()) {
            long start = time.nanoTime();
            try (McpSession opened = McpSession.open(server, time, omitted)) {
                session = opened;
                warned = false;
                LOG.atInfo()
                        .addKeyValue("server", server)
                        .addKeyValue("tools", opened.tools().size())
                        .log("MCP server connected");
                opened.awaitEnd();
                LOG.atWarn()
                        .addKeyValue("server", server)
                        .log(
                                "MCP server disconnected, retrying; its tools are unavailable until then");
            } catch (McpUnavailable | RuntimeException e) {
                LOG.atLevel(warned ? Level.DEBUG : Level.WARN)
                        .addKeyValue("server", server)
                        .addKeyValue("reason", e.getMessage())
                        .log(
                                "MCP server unavailable, retrying; its tools are unavailable until then");
                warned = true;
            } catch (InterruptedException e) {
                return;
            } finally {
                session = null;
            }
            boolean lived = time.nanoTime() - start > GOOD_LIFE.toNanos();
            pause = lived ? FIRST_PAUSE : pause;
            try {
                time.sleep(time.about(pause).toNanos());
            } catch (InterruptedException e) {
                return;
            }
            pause =
                    pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0
                            ? pause.multipliedBy(2)
                            : LONGEST_PAUSE;
        }
    }

    /// Ends the process or connection, within a few seconds.
    @Override
    public void close() {
        thread.interrupt();
        try {
            time.join(thread, CLOSES_WITHIN);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
