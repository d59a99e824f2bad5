package dev.antiphon.tools.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
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

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/// Against the reference server of MCP, which comes from npm.
final class McpServersTest {

    private static final Duration IN_TIME = Duration.ofSeconds(60);
    private static final Path INSTALLED = Path.of("target", "mcp").toAbsolutePath();
    private static final Path EVERYTHING =
            INSTALLED.resolve("node_modules/@modelcontextprotocol/server-everything/dist/index.js");
    private static final ToolContext CONTEXT =
            new ToolContext(
                    new SessionId("s1"), new MessageId("m1"), new UserId("u1"), "m1:call_tools:1");

    @TempDir Path folder;

    @BeforeAll
    static void install() {
        NodePackages.install(Path.of("src/test/mcp"), INSTALLED);
    }

    private static McpServer.Local node(String name, Object... arguments) {
        List<String> command = new ArrayList<>();
        command.add(NodePackages.path("node").toString());
        for (Object argument : arguments) {
            command.add(argument.toString());
        }
        return new McpServer.Local(name, command, Map.of("GREETING", "hello"));
    }

    private static McpServers open(McpServer... servers) {
        return McpServers.open(new McpConfig(List.of(servers)), Time.system(), new OmittedTools());
    }

    private static Tool awaitTool(McpServers servers, String name) {
        return await("the tool " + name)
                .atMost(IN_TIME)
                .until(() -> tool(servers, name), Optional::isPresent)
                .orElseThrow();
    }

    private static Optional<Tool> tool(McpServers servers, String name) {
        return servers.tools().stream().filter(tool -> tool.name().equals(name)).findFirst();
    }

    private static String call(Tool tool, String arguments)
            throws ToolFailure, InterruptedException {
        ObjectNode json = Json.readObject(arguments.getBytes(StandardCharsets.UTF_8));
        return tool.call(json, CONTEXT);
    }

    /// The processes that run this script, started by this JVM.
    private static List<ProcessHandle> processes(String script) {
        return ProcessHandle.current()
                .children()
                .filter(child -> child.info().commandLine().orElse("").contains(script))
                .toList();
    }

    @Test
    void toolsOfAProcessAnswerUntilTheWorkerEnds() throws Exception {
        McpServers servers = open(node("every", EVERYTHING, "stdio"));
        try (servers) {
            Tool echo = awaitTool(servers, "every__echo");
            assertThat(echo.id()).isEqualTo("mcp:every/echo");
            assertThat(echo.description()).isNotEmpty();
            assertThat(echo.parameters().at("/properties/message/type").asString())
                    .isEqualTo("string");
            assertThat(call(echo, "{\"message\":\"Grüße\"}")).isEqualTo("Echo: Grüße");
            assertThat(call(awaitTool(servers, "every__get-sum"), "{\"a\":2,\"b\":3}"))
                    .contains("5");
            assertThat(call(awaitTool(servers, "every__get-tiny-image"), "{}"))
                    .contains("[image, which cannot be shown here]");
            assertThat(processes("server-everything")).hasSize(1);
        }

        assertThat(processes("server-everything")).isEmpty();
        assertThat(servers.tools()).isEmpty();
    }

    @Test
    void aProcessGetsNoSecretsOfOurs() throws Exception {
        try (McpServers servers = open(node("every", EVERYTHING, "stdio"))) {
            String environment = call(awaitTool(servers, "every__get-env"), "{}");

            ObjectNode seen = Json.readObject(environment.getBytes(StandardCharsets.UTF_8));
            assertThat(seen.get("GREETING").asString()).isEqualTo("hello");
            assertThat(seen.propertyNames())
                    .isSubsetOf(
                            "GREETING",
                            "HOME",
                            "LANG",
                            "LC_ALL",
                            "LOGNAME",
                            "PATH",
                            "SHELL",
                            "TERM",
                            "TMPDIR",
                            "TZ",
                            "USER");
        }
    }

    @Test
    void aServiceOverHttpAnswersAndIsFoundAgainAfterARestart() throws Exception {
        int port = Ports.free();
        var http =
                new McpServer.Remote(
                        "web",
                        URI.create("http://127.0.0.1:" + port + "/mcp"),
                        Map.of("Authorization", "Bearer b"));
        try (McpServers servers = open(http)) {
            ChildProcess first = serve(port);
            try {
                Tool echo = awaitTool(servers, "web__echo");
                assertThat(call(echo, "{\"message\":\"hi\"}")).isEqualTo("Echo: hi");
                first.kill();
                assertThatThrownBy(() -> call(echo, "{\"message\":\"hi\"}"))
                        .isInstanceOf(ToolFailure.class)
                        .hasMessage("The connection to the tool's server was lost.");
            } finally {
                first.kill();
            }
            ChildProcess second = serve(port);
            try {
                await().atMost(IN_TIME)
                        .ignoreExceptionsInstanceOf(ToolFailure.class)
                        .until(
                                () -> call(awaitTool(servers, "web__echo"), "{\"message\":\"b\"}"),
                                "Echo: b"::equals);
            } finally {
                second.kill();
            }
        }
    }

    private ChildProcess serve(int port) {
        var builder =
                new ProcessBuilder(
                                NodePackages.path("node").toString(),
                                EVERYTHING.toString(),
                                "streamableHttp")
                        .redirectErrorStream(true)
                        .redirectOutput(folder.resolve("http-" + port + ".log").toFile());
        builder.environment().put("PORT", "" + port);
        return ChildProcess.start(builder);
    }

    @Test
    void aProcessThatDiesIsStartedAgain() throws Exception {
        try (McpServers servers = open(node("every", EVERYTHING, "stdio"))) {
            awaitTool(servers, "every__echo");
            ProcessHandle first = processes("server-everything").getFirst();

            first.destroyForcibly();

            await().atMost(IN_TIME).until(() -> servers.tools().isEmpty());
            assertThat(call(awaitTool(servers, "every__echo"), "{\"message\":\"again\"}"))
                    .isEqualTo("Echo: again");
            assertThat(processes("server-everything")).doesNotContain(first).hasSize(1);
        }
    }

    @Test
    void aServerThatDoesNotStartBlocksNoOther() throws Exception {
        var missing = new McpServer.Local("missing", List.of("/no/such/program"), Map.of());
        try (McpServers servers = open(missing, node("every", EVERYTHING, "stdio"))) {
            awaitTool(servers, "every__echo");

            assertThat(servers.tools()).noneMatch(tool -> tool.id().startsWith("mcp:missing/"));
        }
    }

    @Test
    void aCallWithoutACallerIsCancelledAtTheServerAndTheServerStopsAtTheEnd() throws Exception {
        Path heard = folder.resolve("heard");
        try (McpServers servers = open(node("stubborn", INSTALLED.resolve("stubborn.js"), heard))) {
            Tool wait = awaitTool(servers, "stubborn__wait");
            assertThat(wait.idempotent()).isFalse();
            var failure = new CompletableFuture<String>();
            Thread caller = Thread.ofVirtual().start(() -> complete(failure, wait));
            awaitHeard(heard, "tools/call");

            caller.interrupt();

            assertThatThrownBy(() -> failure.get(30, TimeUnit.SECONDS))
                    .isInstanceOf(ExecutionException.class)
                    .hasCauseInstanceOf(InterruptedException.class);
            awaitHeard(heard, "notifications/cancelled");
        }

        assertThat(processes("stubborn.js")).isEmpty();
    }

    @Test
    void aCallIsUnknownWhenItsServerDies() throws Exception {
        Path heard = folder.resolve("heard");
        try (McpServers servers = open(node("stubborn", INSTALLED.resolve("stubborn.js"), heard))) {
            Tool wait = awaitTool(servers, "stubborn__wait");
            var failure = new CompletableFuture<String>();
            Thread.ofVirtual().start(() -> complete(failure, wait));
            awaitHeard(heard, "tools/call");

            processes("stubborn.js").forEach(ProcessHandle::destroyForcibly);

            assertThatThrownBy(() -> failure.get(30, TimeUnit.SECONDS))
                    .isInstanceOf(ExecutionException.class)
                    .cause()
                    .isInstanceOf(ToolFailure.class)
                    .hasMessage("The connection to the tool's server was lost.");
        }
    }

    private static void complete(CompletableFuture<String> answer, Tool tool) {
        try {
            answer.complete(call(tool, "{}"));
        } catch (ToolFailure | InterruptedException e) {
            answer.completeExceptionally(e);
        }
    }

    private static void awaitHeard(Path file, String method) {
        await().atMost(IN_TIME)
                .ignoreExceptionsInstanceOf(IOException.class)
                .until(() -> Files.readAllLines(file).contains(method));
    }
}
