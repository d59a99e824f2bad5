package dev.antiphon.tools.mcp;

import java.net.URI;
import java.util.List;
import java.util.Map;

/// An MCP server, as the config file describes it.
sealed interface McpServer {

    /// Letters, digits, `_` and `-`, 1 to 32 characters.
    String name();

    /// A child process that communicates over its standard input and output.
    ///
    /// @param environment in addition to the few variables that every program needs; it gets no other variables of ours
    record Local(String name, List<String> command, Map<String, String> environment)
            implements McpServer {
        public Local {
            command = List.copyOf(command);
            environment = Map.copyOf(environment);
        }

        /// Leaves out arguments and variables, which can be secrets.
        @Override
        public String toString() {
            return name + " (" + command.getFirst() + ")";
        }
    }

    /// A service that uses streamable HTTP.
    record Remote(String name, URI url, Map<String, String> headers) implements McpServer {
        public Remote {
            headers = Map.copyOf(headers);
        }

        /// Leaves out headers and query, which can be secrets.
        @Override
        public String toString() {
            return name + " (" + url.getScheme() + "://" + url.getAuthority() + url.getPath() + ")";
        }
    }
}
