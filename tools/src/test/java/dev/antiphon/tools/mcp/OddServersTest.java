package dev.antiphon.tools.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.antiphon.api.tool.Tool;
import dev.antiphon.api.tool.ToolContext;
import dev.antiphon.api.tool.ToolFailure;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.servers.ChildProcess;
import dev.antiphon.servers.NodePackages;
import dev.antiphon.servers.Ports;
import dev.antiphon.time.Time;
import dev.antiphon.tools.OmittedTools;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/// Tests against `odd.js`, a server that has crashed other clients.
final class OddServersTest {

    private static final Duration IN_TIME = Duration.ofSeconds(60);
    private static final Path SCRIPT = Path.of("src/test/mcp/odd.js").toAbsolutePath();
    private static final ToolContext CONTEXT =
            new ToolContext(
                    new SessionId("s1"), new MessageId("m1"), new UserId("u1"), "m1:call_tools:1");

    @TempDir Path folder;

    private final OmittedTools omitted = new OmittedTools();

    private Path heard() {
        return folder.resolve("heard");
    }

    private long times(String method) throws IOException {
        return Files.readAllLines(heard()).stream().filter(method::equals).count();
    }

    private McpServers overStdio() {
        String node = NodePackages.path("node").toString();
        List<String> command = List.of(node, SCRIPT.toString(), heard().toString());
        var server = new McpServer.Local("odd", command, Map.of());
        return McpServers.open(new McpConfig(List.of(server)), Time.system(), omitted);
    }

    private ChildProcess serve(int port) {
        return ChildProcess.start(
                new ProcessBuilder(
                                NodePackages.path("node").toString(),
                                SCRIPT.toString(),
                                heard().toString(),
                                "" + port)
                        .redirectErrorStream(true)
                        .redirectOutput(folder.resolve("http.log").toFile()));
    }

    private McpServers overHttp(int port, Time time) {
        URI url = URI.create("http://127.0.0.1:" + port + "/mcp");
        var server = new McpServer.Remote("odd", url, Map.of());
        return McpServers.open(new McpConfig(List.of(server)), time, omitted);
    }

    /// The tools by their ids, when the server is available.
    private static Map<String, Tool> awaitTools(McpServers servers) {
        await().atMost(IN_TIME).until(() -> !servers.tools().isEmpty());
        return byId(servers);
    }

    private static Map<String, Tool> byId(McpServers servers) {
        return servers.tools().stream().collect(Collectors.toMap(Tool::id, tool -> tool));
    }

    private static String call(Map<String, Tool> tools, String id)
            throws ToolFailure, InterruptedException {
        return tool(tools, id).call(Json.object(), CONTEXT);
    }

    private static Tool tool(Map<String, Tool> tools, String id) {
        return Objects.requireNonNull(tools.get("mcp:odd/" + id), id);
    }

    @Test
    void aBadToolIsLeftOutAndTheOthersRemain() throws Exception {
        try (McpServers servers = overStdio()) {
            Map<String, Tool> tools = awaitTools(servers);

            assertThat(tools.keySet())
                    .containsExactlyInAnyOrder(
                            "mcp:odd/plain",
                            "mcp:odd/anything",
                            "mcp:odd/files.read",
                            "mcp:odd/files/read",
                            "mcp:odd/files_read",
                            "mcp:odd/wordy",
                            "mcp:odd/mixed",
                            "mcp:odd/change",
                            "mcp:odd/forget");
            assertThat(omitted.count()).isEqualTo(5);
            assertThat(call(tools, "anything")).isEqualTo("called anything");
        }
    }

    @Test
    void aListWhoseCursorNeverAdvancesIsReadOnceThroughItsEmptyCursor() throws Exception {
        try (McpServers servers = overStdio()) {
            awaitTools(servers);

            assertThat(times("tools/list")).isEqualTo(3);
        }
    }

    @Test
    void changedNamesRemainDistinct() throws Exception {
        try (McpServers servers = overStdio()) {
            Map<String, Tool> tools = awaitTools(servers);

            assertThat(tools.values()).extracting(Tool::name).doesNotHaveDuplicates();
            assertThat(tool(tools, "files_read").name()).isEqualTo("odd__files_read");
            assertThat(tool(tools, "files.read").name()).matches("odd__files_read_[0-9a-f]+");
            assertThat(call(tools, "files.read")).isEqualTo("called files.read");
            assertThat(call(tools, "files/read")).isEqualTo("called files/read");
        }
    }

    @Test
    void aDescriptionIsCutBetweenCharacters() throws Exception {
        try (McpServers servers = overStdio()) {
            String description = tool(awaitTools(servers), "wordy").description();

            assertThat(description).isEqualTo("😀".repeat(2_048) + "…");
        }
    }

    @Test
    void halfACharacterInADescriptionIsReplaced() throws Exception {
        try (McpServers servers = overStdio()) {
            assertThat(tool(awaitTools(servers), "plain").description()).isEqualTo("half \uFFFD");
        }
    }

    @Test
    void contentThatCannotBeReadIsNamedAndTheRestIsShown() throws Exception {
        try (McpServers servers = overStdio()) {
            assertThat(call(awaitTools(servers), "mixed"))
                    .isEqualTo(
                            "known\n[hologram, which cannot be shown here]\n[null, which cannot be shown here]");
        }
    }

    @Test
    void changedToolsAreReadAgain() throws Exception {
        try (McpServers servers = overStdio()) {
            Map<String, Tool> tools = awaitTools(servers);
            assertThat(tools).doesNotContainKey("mcp:odd/late");

            assertThat(call(tools, "change")).isEqualTo("changed");

            await().atMost(IN_TIME).until(() -> byId(servers).containsKey("mcp:odd/late"));
            assertThat(times("initialize")).isEqualTo(1);
        }
    }

    @Test
    void aServerWithoutPingLives() throws Exception {
        int port = Ports.free();
        ChildProcess server = serve(port);
        Time hurried = new HurriedTime(Time.system(), Duration.ofSeconds(2));
        try (McpServers servers = overHttp(port, hurried)) {
            awaitTools(servers);

            await().atMost(IN_TIME).until(() -> times("ping") >= 2);

            assertThat(times("initialize")).isEqualTo(1);
            assertThat(call(byId(servers), "plain")).isEqualTo("called plain");
        } finally {
            server.kill();
        }
    }

    @Test
    void aCallForALostSessionIsSentAgainInANewOne() throws Exception {
        int port = Ports.free();
        ChildProcess server = serve(port);
        try (McpServers servers = overHttp(port, Time.system())) {
            Map<String, Tool> tools = awaitTools(servers);
            assertThat(tool(tools, "plain").idempotent()).isFalse();
            assertThat(call(tools, "forget")).isEqualTo("forgotten");

            assertThat(call(tools, "plain")).isEqualTo("called plain");

            assertThat(times("refused tools/call")).isEqualTo(1);
            assertThat(times("initialize")).isEqualTo(2);
        } finally {
            server.kill();
        }
    }
}
