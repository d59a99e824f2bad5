/// Tools of MCP servers: the servers, their processes and connections, and their tools as
/// {@link dev.antiphon.api.tool.Tool}s.
@NullMarked
package dev.antiphon.tools.mcp;

import org.jspecify.annotations.NullMarked;
