/// Tools of MCP servers: which servers there are, their processes and connections, and their tools as {@link
/// dev.antiphon.worker.tool.Tool}s. Allowed imports: protocol, servers (for child processes), worker.tool, worker.time, and
/// the official MCP client with the reactive types that it speaks.
@NullMarked
package dev.antiphon.worker.mcp;

import org.jspecify.annotations.NullMarked;
