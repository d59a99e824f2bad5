package dev.antiphon.worker.mcp;

import dev.antiphon.worker.tool.Tool;
import dev.antiphon.worker.tool.ToolContext;
import dev.antiphon.worker.tool.ToolFailure;

import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.Content;
import io.modelcontextprotocol.spec.McpSchema.EmbeddedResource;
import io.modelcontextprotocol.spec.McpSchema.ResourceLink;
import io.modelcontextprotocol.spec.McpSchema.TextContent;
import io.modelcontextprotocol.spec.McpSchema.TextResourceContents;
import io.modelcontextprotocol.spec.McpSchema.ToolAnnotations;

import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import java.util.Map;
import java.util.stream.Collectors;

/// A tool of an MCP server.
final class McpTool implements Tool {

    private static final JsonMapper JSON = JsonMapper.shared();
    private static final int MAX_NAME = 64;

    private final String server;
    private final McpSchema.Tool tool;
    private final ObjectNode parameters;
    private final McpSession session;

    McpTool(String server, McpSchema.Tool tool, McpSession session) {
        this.server = server;
        this.tool = tool;
        this.parameters =
                tool.inputSchema() == null
                        ? JSON.createObjectNode().put("type", "object")
                        : JSON.valueToTree(tool.inputSchema());
        this.session = session;
    }

    /// `{server}__{tool}`, as models take it. A name that has to be cut keeps a trace of its rest, so that two stay two.
    @Override
    public String name() {
        String name = server + "__" + tool.name().replaceAll("[^A-Za-z0-9_-]", "_");
        if (name.length() <= MAX_NAME) {
            return name;
        }
        String trace = String.format("_%08x", name.hashCode());
        return name.substring(0, MAX_NAME - trace.length()) + trace;
    }

    @Override
    public String id() {
        return "mcp:" + server + "/" + tool.name();
    }

    @Override
    public String description() {
        return tool.description() == null ? tool.name() : tool.description();
    }

    @Override
    public ObjectNode parameters() {
        return parameters;
    }

    /// As the server says, which its operator trusts: a tool that only reads does nothing twice.
    @Override
    public boolean idempotent() {
        ToolAnnotations annotations = tool.annotations();
        return annotations != null
                && (Boolean.TRUE.equals(annotations.readOnlyHint())
                        || Boolean.TRUE.equals(annotations.idempotentHint()));
    }

    @Override
    public String call(ObjectNode arguments, ToolContext context)
            throws ToolFailure, InterruptedException {
        Map<String, Object> map = JSON.convertValue(arguments, new TypeReference<>() {});
        CallToolResult result =
                session.call(tool.name(), map, context.session() + ":" + context.key());
        String text = text(result);
        if (Boolean.TRUE.equals(result.isError())) {
            throw new ToolFailure(text);
        }
        return text;
    }

    private static String text(CallToolResult result) {
        if (result.content().isEmpty() && result.structuredContent() != null) {
            return JSON.writeValueAsString(result.structuredContent());
        }
        return result.content().stream().map(McpTool::text).collect(Collectors.joining("\n"));
    }

    private static String text(Content content) {
        return switch (content) {
            case TextContent text -> text.text();
            case EmbeddedResource embedded
                    when embedded.resource() instanceof TextResourceContents text ->
                    text.text();
            case ResourceLink link -> link.uri();
            default -> "[" + content.type() + ", which cannot be shown here]";
        };
    }
}
