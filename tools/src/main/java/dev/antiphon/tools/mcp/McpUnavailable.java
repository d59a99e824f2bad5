package dev.antiphon.tools.mcp;

/// An MCP server that is not, or no longer, available.
final class McpUnavailable extends Exception {

    McpUnavailable(String message) {
        super(message);
    }

    McpUnavailable(String message, Throwable cause) {
        super(message, cause);
    }
}
