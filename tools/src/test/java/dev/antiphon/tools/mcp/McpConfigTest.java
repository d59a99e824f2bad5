package dev.antiphon.tools.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

final class McpConfigTest {

    @TempDir Path folder;

    private McpConfig read(String json) throws IOException {
        return McpConfig.read(Files.writeString(folder.resolve("mcp.json"), json));
    }

    @Test
    void serversAreReadAsOtherProgramsReadThem() throws IOException {
        McpConfig config =
                read(
                        """
                        {"mcpServers": {
                           "files": {"command": "npx", "args": ["-y", "server", "/data"],
                                     "env": {"TOKEN": "t"}, "autoApprove": []},
                           "old": {"command": "x", "disabled": true},
                           "web": {"type": "http", "url": "https://example.com/mcp?k=1",
                                   "headers": {"Authorization": "Bearer b"}}},
                         "theme": "dark"}\
                        """);

        assertThat(config.servers())
                .isEqualTo(
                        List.of(
                                new McpServer.Local(
                                        "files",
                                        List.of("npx", "-y", "server", "/data"),
                                        Map.of("TOKEN", "t")),
                                new McpServer.Remote(
                                        "web",
                                        URI.create("https://example.com/mcp?k=1"),
                                        Map.of("Authorization", "Bearer b"))));
        assertThat(config.servers())
                .extracting(McpServer::toString)
                .isEqualTo(List.of("files (npx)", "web (https://example.com/mcp)"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{} | there is no object mcpServers",
                "{\"mcpServers\":[]} | there is no object mcpServers",
                "oops | not valid JSON",
                "{\"mcpServers\":{\"a b\":{\"command\":\"x\"}}} | 'a b' must be of letters",
                "{\"mcpServers\":{\"a\":{}}} | a must have either command or url",
                "{\"mcpServers\":{\"a\":{\"command\":\"x\",\"url\":\"http://h\"}}} | either command or url",
                "{\"mcpServers\":{\"a\":{\"url\":\"ftp://h\"}}} | a must have a URL with http or https",
                "{\"mcpServers\":{\"a\":{\"url\":\"http://h\",\"type\":\"sse\"}}} | streamable HTTP",
                "{\"mcpServers\":{\"a\":{\"command\":\"x\",\"args\":[1]}}} | only strings in args",
                "{\"mcpServers\":{\"a\":{\"command\":\"x\",\"env\":{\"A\":1}}}} | only strings in env",
            })
    void anInvalidConfigIsReportedWithItsFile(String json, String reason) {
        assertThatThrownBy(() -> read(json))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("the MCP config " + folder.resolve("mcp.json") + ": ")
                .hasMessageContaining(reason);
    }

    @Test
    void aMissingFileIsAnError() {
        assertThatThrownBy(() -> McpConfig.read(folder.resolve("no.json")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("cannot read the MCP config " + folder.resolve("no.json"));
    }
}
