package dev.antiphon.tools.mcp;

import dev.antiphon.api.tool.Tool;
import dev.antiphon.api.tool.ToolContext;
import dev.antiphon.api.tool.ToolFailure;
import dev.antiphon.protocol.Json;
import dev.antiphon.tools.Tools;

import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.Content;
import io.modelcontextprotocol.spec.McpSchema.EmbeddedResource;
import io.modelcontextprotocol.spec.McpSchema.ResourceLink;
import io.modelcontextprotocol.spec.McpSchema.TextContent;
import io.modelcontextprotocol.spec.McpSchema.TextResourceContents;
import io.modelcontextprotocol.spec.McpSchema.ToolAnnotations;

import tools.jackson.databind.node.ObjectNode;

import java.util.Map;
import java.util.stream.Collectors;

/// A tool of an MCP server.
final class McpTool implements Tool {

    private static final int MAX_NAME = 64;

    /// Every message pays for the descriptions of its tools.
    private static final int MAX_DESCRIPTION = 4_096;

    /// A tool with a longer schema is left out.
    private static final int MAX_SCHEMA = 32 * 1024;

    private static final int MAX_TYPE = 64;

    private final String server;
    private final McpSchema.Tool tool;
    private final ObjectNode parameters;
    private final McpSession session;

    private McpTool(String server, McpSchema.Tool tool, ObjectNode parameters, McpSession session) {
        this.server = server;
        this.tool = tool;
        this.parameters = parameters;
        this.session = session;
    }

    /// Reads a server's description of a tool.
    ///
    /// @throws IllegalArgumentException when the tool cannot be offered to models
    static McpTool of(String server, McpSchema.Tool tool, McpSession session) {
        ObjectNode parameters =
                tool.inputSchema() == null
                        ? Json.object().put("type", "object")
                        : (ObjectNode) Json.encodable(Json.tree(tool.inputSchema()));
        if (parameters.toString().length() > MAX_SCHEMA) {
            throw new IllegalArgumentException(
                    "its schema has more than " + MAX_SCHEMA + " characters");
        }
        McpTool made = new McpTool(server, tool, parameters, session);
        Tools.requireUsable(made);
        return made;
    }

    static String id(String server, String tool) {
        return "mcp:" + server + "/" + tool;
    }

    /// `{server}__{tool}`, in the form that models accept. A name that had to be changed keeps a trace of the original,
    /// so that two tools remain distinct: `files.read` and `files/read`, for example. So does a name with another place
    /// where the server's name could end.
    @Override
    public String name() {
        String whole = server + "__" + tool.name();
        String name = whole.replaceAll("[^A-Za-z0-9_-]", "_");
        boolean isPlain = name.equals(whole) && whole.indexOf("__") == server.length();
        if (isPlain && name.length() <= MAX_NAME) {
            return name;
        }
        String trace = String.format("_%08x", id().hashCode());
        return name.substring(0, Math.min(name.length(), MAX_NAME - trace.length())) + trace;
    }

    @Override
    public String id() {
        return id(server, tool.name());
    }

    @Override
    public String description() {
        String description =
                Json.encodable(tool.description() == null ? tool.name() : tool.description());
        if (description.length() <= MAX_DESCRIPTION) {
            return description;
        }
        int end = Character.isHighSurrogate(description.charAt(MAX_DESCRIPTION - 1)) ? 1 : 0;
        return description.substring(0, MAX_DESCRIPTION - end) + "…";
    }

    @Override
    public ObjectNode parameters() {
        return parameters;
    }

    /// As the server says, which the operator trusts: a repeated call of a read-only tool has no second effect.
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
        CallToolResult result =
                session.call(
                        tool.name(), Json.map(arguments), context.session() + ":" + context.key());
        String text = text(result);
        if (Boolean.TRUE.equals(result.isError())) {
            throw new ToolFailure(text);
        }
        return text;
    }

    private static String text(CallToolResult result) {
        if (result.content().isEmpty() && result.structuredContent() != null) {
            return Json.tree(result.structuredContent()).toString();
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
            default -> notShown(content.type());
        };
    }

    private static String notShown(String type) {
        return "[" + type + ", which cannot be shown here]";
    }

    /// Replaces content that cannot be read.
    static Map<String, Object> unreadable(String type) {
        String bounded = type.length() <= MAX_TYPE ? type : type.substring(0, MAX_TYPE);
        return Map.of("type", "text", "text", notShown(bounded));
    }
}
