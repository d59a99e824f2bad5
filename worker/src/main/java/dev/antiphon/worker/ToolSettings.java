package dev.antiphon.worker;

import dev.antiphon.protocol.Environment;
import dev.antiphon.protocol.Environment.Variable;
import dev.antiphon.tools.ToolSelection;
import dev.antiphon.tools.mcp.McpConfig;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/// The tools that models can use, and their time limit.
///
/// @param allowed a request can only narrow it. Default `current_time` and `calculator`, which can do no harm; other
///     tools must be named
/// @param approved those of them whose calls the user must approve one by one. Default none
/// @param timeout of a call, from 1 ms to one hour. Default 30 s, as long as the first token of a model can take
/// @param mcp servers with further tools. Default none
public record ToolSettings(
        ToolSelection allowed, ToolSelection approved, Duration timeout, McpConfig mcp) {

    private static final List<String> HARMLESS = List.of("current_time", "calculator");

    static ToolSettings from(Environment environment) {
        List<String> named = environment.list(Variable.CHAT_TOOLS);
        Duration timeout = environment.duration(Variable.CHAT_TOOL_TIMEOUT, Duration.ofSeconds(30));
        if (!timeout.isPositive() || timeout.compareTo(Duration.ofHours(1)) > 0) {
            throw new IllegalArgumentException(
                    "CHAT_TOOL_TIMEOUT must be longer than zero and at most 1h");
        }
        String mcp = environment.text(Variable.CHAT_MCP_CONFIG);
        return new ToolSettings(
                named.isEmpty()
                        ? new ToolSelection(HARMLESS)
                        : selection(Variable.CHAT_TOOLS, named),
                selection(
                        Variable.CHAT_TOOLS_APPROVED,
                        environment.list(Variable.CHAT_TOOLS_APPROVED)),
                timeout,
                mcp == null ? McpConfig.none() : McpConfig.read(Path.of(mcp)));
    }

    private static ToolSelection selection(Variable variable, List<String> named) {
        try {
            return new ToolSelection(named.equals(List.of("none")) ? List.of() : named);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(variable + " has " + e.getMessage(), e);
        }
    }
}
