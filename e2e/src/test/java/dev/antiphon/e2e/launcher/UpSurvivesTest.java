package dev.antiphon.e2e.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.antiphon.e2e.installation.PatientReader;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;

/// Processes of `up` are killed, and `up` continues.
final class UpSurvivesTest {
    private static final Duration WITHIN = Duration.ofSeconds(60);

    @TempDir Path folder;

    private Project project;

    @BeforeEach
    void build() throws IOException {
        project = Project.in(folder);
    }

    @Test
    void anAnswerContinuesWhicheverProcessIsKilled() throws Exception {
        try (Launched up = project.launch("up", "--port", "0", "--demo-delay", "300ms")) {
            URI ready = up.ready();
            try (var reader = new PatientReader(ready, "killed")) {
                for (String kind : List.of("worker", "gateway", "nats-server", "redis-server")) {
                    ProcessHandle victim = up.process(kind + " pid=");
                    String asked = "survive the " + kind;
                    send(ready, "killed", kind, asked);
                    reader.awaitEvent(event ->
                            event.messageId().equals(kind)
                                    && event.data().path("chunk_id").asInt(-1) == 3);

                    assertThat(victim.destroyForcibly()).isTrue();

                    String line = up.nextLine(kind + " pid=", victim.pid());
                    assertThat(line.replaceFirst("pid=\\d+", "pid=#"))
                            .isEqualTo(up.line(kind + " pid=").replaceFirst("pid=\\d+", "pid=#"));
                    await().atMost(WITHIN)
                            .until(() ->
                                    Files.readString(pidFile(kind))
                                            .equals(up.process(kind + " pid=").pid() + "\n"));
                    reader.awaitEvent(event ->
                            event.messageId().equals(kind)
                                    && event.name().equals("message_complete"));
                    assertThat(reader.text(kind)).isEqualTo(demoAnswer(asked));
                    assertThat(
                                    reader.chunks(kind)
                                            .map(event -> event.data().get("chunk_id").asInt()))
                            .isEqualTo(
                                    IntStream.range(0, (int) reader.chunks(kind).count())
                                            .boxed()
                                            .toList());
                    assertThat(up.error(" died with exit code 137; restarting in"))
                            .contains(" (pid ");
                }
                assertThat(reader.reconnects()).isEqualTo(1);
            }
            List<ProcessHandle> processes = up.processes();
            assertThat(processes).hasSize(4);

            up.terminate();

            assertThat(up.exitCode()).isEqualTo(128 + 15);
            assertThat(processes).noneMatch(ProcessHandle::isAlive);
            assertThat(pidFile("worker")).doesNotExist();
        }
    }

    private Path pidFile(String kind) {
        boolean server = kind.endsWith("-server");
        return project.data().resolve(server ? kind : kind + "-1").resolve("pid");
    }

    @Test
    void aPortThatIsTakenMeanwhileIsSaidOnceAndWaitedFor() throws Exception {
        try (Launched up = project.launch("up", "--port", "0")) {
            URI ready = up.ready();
            ProcessHandle gateway = up.process("gateway pid=");
            var other = new ServerSocket();
            try (other) {
                assertThat(gateway.destroyForcibly()).isTrue();
                gateway.onExit().join();
                other.setReuseAddress(true);
                other.bind(
                        new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), ready.getPort()));
                up.error("has died or not started 5 times in a row; the end of ");
                assertThat(up.errors().stream().filter(line -> line.contains("cannot listen")))
                        .singleElement()
                        .asString()
                        .startsWith(
                                "gateway-1 did not start: cannot listen on port " + ready.getPort())
                        .endsWith("; retrying until it starts");
            }
            up.nextLine("gateway pid=", gateway.pid());
            assertThat(Launched.status(ready.resolve("/health"))).isEqualTo(200);
        }
    }

    @Test
    void aProcessThatKeepsDyingShowsItsLogAndIsRetried() throws Exception {
        try (Launched up = project.launch("up", "--port", "0")) {
            up.ready();
            Path manifest =
                    project.data().resolve("redis-server/appendonlydir/appendonly.aof.manifest");
            String good = Files.readString(manifest);
            ProcessHandle redis = up.process("redis-server pid=");
            Files.writeString(manifest, "not a manifest\n");
            assertThat(redis.destroyForcibly()).isTrue();

            up.error("redis-server has died or not started 5 times in a row; the end of ");
            assertThat(up.errors()).anyMatch(line -> line.matches(" {2}.*manifest.*"));
            assertThat(up.errors().stream().filter(line -> line.contains("died at start")))
                    .hasSize(1);

            Files.writeString(manifest, good);
            up.nextLine("redis-server pid=", redis.pid());
            await().atMost(WITHIN)
                    .ignoreExceptionsInstanceOf(IOException.class)
                    .until(() -> Launched.status(up.ready().resolve("/health")) == 200);
        }
    }

    @Test
    void stopsWhileSomethingIsBeingStartedAgain() throws Exception {
        try (Launched up = project.launch("up", "--port", "0")) {
            up.ready();
            List<ProcessHandle> processes = up.processes();
            for (String kind : List.of("worker", "gateway", "nats-server")) {
                assertThat(up.process(kind + " pid=").destroyForcibly()).isTrue();
            }
            up.error("worker-1 (pid ");

            up.terminate();

            assertThat(up.exitCode()).isEqualTo(128 + 15);
            assertThat(processes).noneMatch(ProcessHandle::isAlive);
            assertThat(up.processes()).noneMatch(ProcessHandle::isAlive);
        }
    }

    private static void send(URI gateway, String session, String message, String text)
            throws Exception {
        String body =
                """
                {"session_id":"%s","user_id":"user1","message_id":"%s","message":"%s"}\
                """
                        .formatted(session, message, text);
        try (HttpClient http = HttpClient.newHttpClient()) {
            var answer =
                    http.send(
                            HttpRequest.newBuilder(gateway.resolve("/api/chat"))
                                    .header("Content-Type", "application/json")
                                    .POST(HttpRequest.BodyPublishers.ofString(body))
                                    .build(),
                            BodyHandlers.ofString());
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
        }
    }

    private static String demoAnswer(String asked) {
        return "I received your message: '"
                + asked
                + "' This is a demo response from the LangGraph workflow service. In a real"
                + " implementation, this would integrate with AI models like GPT-4, Claude, etc. The"
                + " response is being streamed token by token to demonstrate the chunk buffering"
                + " system.";
    }
}
