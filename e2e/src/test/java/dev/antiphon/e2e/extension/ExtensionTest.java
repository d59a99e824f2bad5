package dev.antiphon.e2e.extension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.antiphon.e2e.installation.EventStream;
import dev.antiphon.e2e.installation.Installation;
import dev.antiphon.servers.ChildProcess;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Collectors;

/// The promises of docs/extending.md to the author of an extension.
final class ExtensionTest {

    private static final Duration IN_TIME = Duration.ofSeconds(60);
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    @TempDir static Path folder;
    private static Installation installation;
    private static Path extensions;

    @BeforeAll
    static void open() throws Exception {
        extensions = Sample.build(Files.createDirectory(folder.resolve("sample")));
        installation = Installation.open(folder);
    }

    @AfterAll
    static void close() {
        HTTP.close();
        if (installation != null) {
            installation.close();
        }
    }

    @Test
    void theSamplesProviderAnswersThroughAGateway() throws Exception {
        ChildProcess worker =
                installation.worker(
                        Map.of("SHOUT_END", "!!"), "--extensions", extensions.toString());
        URI gateway = installation.gateway(Map.of()).address();
        try (EventStream stream = EventStream.open(gateway, "shouting", null)) {
            post(
                    gateway,
                    """
                    {"session_id":"shouting","user_id":"user1","message":"can you hear me",
                     "ai_provider":"shout"}\
                    """);
            stream.awaitEvent(event -> event.name().equals("message_complete"));

            assertThat(text(stream)).isEqualTo("CAN YOU HEAR ME !!");
            assertThat(stream.events().getLast().data().path("token_count").asInt()).isEqualTo(4);
        } finally {
            worker.stop(IN_TIME); // the next test's must not answer instead
        }
    }

    @Test
    void theSamplesWorkflowAnswersWithBothViews() throws Exception {
        ChildProcess worker =
                installation.worker(
                        Map.of("CHAT_DEMO_DELAY", "0ms"), "--extensions", extensions.toString());
        URI gateway = installation.gateway(Map.of()).address();
        try (EventStream stream = EventStream.open(gateway, "debating", null)) {
            post(
                    gateway,
                    """
                    {"session_id":"debating","user_id":"user1","message":"tea",
                     "ai_provider":"shout","context":{"workflow":"debate"}}\
                    """);
            stream.awaitEvent(event -> event.name().equals("message_complete"));

            assertThat(text(stream))
                    .isEqualTo(
                            "For: ARGUE FOR, IN TWO SENTENCES: TEA !\n\n"
                                    + "Against: ARGUE AGAINST, IN TWO SENTENCES: TEA !");
        } finally {
            worker.stop(IN_TIME);
        }
    }

    @Test
    void theSamplesToolIsThereWhenItIsAllowed() throws Exception {
        ChildProcess allowed =
                installation.worker(
                        Map.of("CHAT_TOOLS", "roll_dice,calculator"),
                        "--extensions",
                        extensions.toString());
        await().atMost(IN_TIME).until(() -> installation.output(allowed).contains("worker is up"));

        assertThat(installation.output(allowed)).contains("[calculator, roll_dice]");
        allowed.stop(IN_TIME);
    }

    @Test
    void aFolderThatIsNotThereEndsTheStartWithOneLine() throws Exception {
        ChildProcess worker =
                installation.worker(Map.of(), "--extensions", folder.resolve("nowhere").toString());

        assertThat(worker.awaitExit(IN_TIME)).isTrue();
        assertThat(worker.onExit().join()).isEqualTo(1);
        assertThat(installation.output(worker))
                .isEqualTo(
                        "the extensions folder " + folder.resolve("nowhere") + " does not exist\n");
    }

    private static void post(URI gateway, String body) throws Exception {
        HttpResponse<String> response =
                HTTP.send(
                        HttpRequest.newBuilder(gateway.resolve("/api/chat"))
                                .header("Content-Type", "application/json")
                                .POST(BodyPublishers.ofString(body))
                                .build(),
                        BodyHandlers.ofString());
        assertThat(response.statusCode()).as(response.body()).isEqualTo(202);
    }

    private static String text(EventStream stream) {
        return stream.events().stream()
                .filter(event -> event.name().equals("chunk"))
                .map(event -> event.data().path("chunk").asString(""))
                .collect(Collectors.joining());
    }
}
