package dev.antiphon.tools.mcp;

import dev.antiphon.api.tool.Tool;
import dev.antiphon.time.Time;
import dev.antiphon.tools.OmittedTools;

import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// The MCP servers of a worker. The tools of the available servers can be used; nothing waits for the others.
public final class McpServers implements AutoCloseable {

    private final List<McpConnection> connections;

    private McpServers(List<McpConnection> connections) {
        this.connections = connections;
    }

    /// Starts and connects all of them, without waiting.
    ///
    /// @param omitted records the tools that cannot be offered
    public static McpServers open(McpConfig config, Time time, OmittedTools omitted) {
        return new McpServers(
                config.servers().stream()
                        .map(server -> McpConnection.open(server, time, omitted))
                        .toList());
    }

    /// The tools of the servers that are available now. Does not block.
    public List<Tool> tools() {
        return connections.stream().flatMap(connection -> connection.tools().stream()).toList();
    }

    /// Stops all of them at the same time, within a few seconds.
    @Override
    public void close() {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            connections.forEach(connection -> threads.execute(connection::close));
        }
    }
}
