package dev.antiphon.tools.mcp;

import java.net.URI;
import java.util.List;
import java.util.Map;

/// An MCP server, as the config file names it.
sealed interface McpServer {

    /// Of letters, digits, `_` and `-`, 1 to 32 characters.
    String name();

    /// A child process that speaks on its standard input and output.
    ///
    /// @param environment on top of the few variables that every program needs; nothing else of ours
    record Local(String name, List<String> command, Map<String, String> environment)
            implements McpServer {
        public Local {
            command = List.copyOf(command);
            environment = Map.copyOf(environment);
        }

        /// Without arguments and variables, which may be secrets.
        @Override
        public String toString() {
            return name + " (" + command.getFirst() + ")";
        }
    }

    /// A service that speaks streamable HTTP.
    record Remote(String name, URI url, Map<String, String> headers) implements McpServer {
        public Remote {
            headers = Map.copyOf(headers);
        }

        /// Without headers and query, which may be secrets.
        @Override
        public String toString() {
            return name + " (" + url.getScheme() + "://" + url.getAuthority() + url.getPath() + ")";
        }
    }
}
