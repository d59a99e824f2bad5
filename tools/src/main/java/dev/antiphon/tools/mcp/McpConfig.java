package dev.antiphon.tools.mcp;

import dev.antiphon.protocol.Json;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// The MCP servers of a worker, in the format that other programs use too: `{"mcpServers": {"name": {"command", "args",
/// "env"} or {"url", "headers"}}}`. Other fields in it are ignored.
public record McpConfig(List<McpServer> servers) {

    private static final int MAX_SERVERS = 32;
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]{1,32}");

    public McpConfig {
        servers = List.copyOf(servers);
    }

    /// No servers.
    public static McpConfig none() {
        return new McpConfig(List.of());
    }

    /// Reads the file.
    ///
    /// @throws IllegalArgumentException when it cannot be read, or asks for something that is not supported
    public static McpConfig read(Path file) {
        try {
            return of(Json.readObject(Files.readAllBytes(file)));
        } catch (IOException e) {
            throw new IllegalArgumentException("cannot read the MCP config " + file, e);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("the MCP config " + file + ": " + e.getMessage(), e);
        }
    }

    private static McpConfig of(ObjectNode config) {
        if (!(config.get("mcpServers") instanceof ObjectNode named)) {
            throw new IllegalArgumentException("there is no object mcpServers");
        }
        List<McpServer> servers = new ArrayList<>();
        named.forEachEntry((name, server) -> {
            if (!server.path("disabled").asBoolean(false)) {
                servers.add(server(name, server));
            }
        });
        if (servers.size() > MAX_SERVERS) {
            throw new IllegalArgumentException("more than " + MAX_SERVERS + " servers");
        }
        return new McpConfig(servers);
    }

    private static McpServer server(String name, JsonNode server) {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException(
                    "'" + name + "' must be of letters, digits, _ and -, at most 32");
        }
        String command = server.path("command").stringValue("");
        String url = server.path("url").stringValue("");
        if (command.isEmpty() == url.isEmpty()) {
            throw new IllegalArgumentException(name + " must have either command or url");
        }
        if (server.path("type").stringValue("").equals("sse")) {
            throw new IllegalArgumentException(
                    name + " has the type sse, which streamable HTTP has replaced; use its URL");
        }
        if (url.isEmpty()) {
            List<String> line = new ArrayList<>(List.of(command));
            server.path("args").forEach(argument -> line.add(text(name, "args", argument)));
            return new McpServer.Local(name, line, texts(name, "env", server));
        }
        return new McpServer.Remote(name, address(name, url), texts(name, "headers", server));
    }

    private static URI address(String name, String url) {
        if (!url.matches("https?://[^/?#]+([/?].*)?")) {
            throw new IllegalArgumentException(name + " must have a URL with http or https");
        }
        return URI.create(url);
    }

    private static Map<String, String> texts(String name, String field, JsonNode server) {
        Map<String, String> texts = new TreeMap<>();
        server.path(field).forEachEntry((key, value) -> texts.put(key, text(name, field, value)));
        return texts;
    }

    private static String text(String name, String field, JsonNode value) {
        if (!value.isString()) {
            throw new IllegalArgumentException(name + " must have only strings in " + field);
        }
        return value.stringValue();
    }
}
