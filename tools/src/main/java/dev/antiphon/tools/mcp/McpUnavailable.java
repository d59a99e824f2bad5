package dev.antiphon.tools.mcp;

/// An MCP server that is not there, or not any more.
final class McpUnavailable extends Exception {

    McpUnavailable(String message) {
        super(message);
    }

    McpUnavailable(String message, Throwable cause) {
        super(message, cause);
    }
}
