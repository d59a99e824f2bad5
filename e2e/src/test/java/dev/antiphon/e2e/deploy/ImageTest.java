package dev.antiphon.e2e.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.antiphon.e2e.installation.EventStream;
import dev.antiphon.e2e.installation.Installation;
import dev.antiphon.servers.ChildProcess;
import dev.antiphon.servers.Ports;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// The image: built by the Dockerfile's own instructions from the files that `.dockerignore` includes, and run as
/// it says.
final class ImageTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

    @TempDir private static Path folder;
    private static Installation installation;
    private static Image image;

    @BeforeAll
    static void build() throws Exception {
        // The image's user is not the one that runs the tests.
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path context = Files.createDirectory(folder.resolve("context"));
        IgnoreFile.read(ROOT.resolve(".dockerignore")).copy(ROOT, context);
        image =
                Image.build(
                        ROOT.resolve("Dockerfile"),
                        context,
                        Files.createDirectory(folder.resolve("stages")));
        installation = Installation.open(folder);
    }

    @AfterAll
    static void stop() {
        if (installation != null) {
            installation.close();
        }
    }

    @Test
    void theContextHoldsNoKeysNoTestsAndNoBuildOutput() throws IOException {
        assertThat(filesIn(folder.resolve("context")))
                .contains(
                        Path.of(
                                "cli",
                                "src",
                                "main",
                                "java",
                                "dev",
                                "antiphon",
                                "cli",
                                "Antiphon.java"))
                .doesNotContain(Path.of(".env"), Path.of(".env.example"))
                .noneMatch(file -> file.startsWith(".git"))
                .noneMatch(file -> file.toString().contains("src/test"))
                .noneMatch(file -> file.toString().contains("/target/"));
    }

    @Test
    void theImageHoldsTheProgramAndNoSources() throws Exception {
        assertThat(filesIn(image.root()))
                .contains(
                        Path.of("app", "antiphon.jar"),
                        Path.of("app", "healthcheck.sh"),
                        Path.of("app", "THIRD-PARTY.md"),
                        Path.of("app", "licenses", "EPL-2.0.md"))
                .noneMatch(file -> file.toString().endsWith(".java"));
        assertThat(image.user()).isNotNull().doesNotStartWith("0").doesNotStartWith("root");
    }

    @Test
    void withoutArgumentsItIsAWorkerAndWithGatewayAGateway() throws Exception {
        Map<String, String> variables = new HashMap<>(installation.addresses());
        variables.put("SERVER_PORT", "" + Ports.free());
        ChildProcess worker = image.run(variables, folder.resolve("worker.log"));
        ChildProcess gateway = image.run(variables, folder.resolve("gateway.log"), "gateway");
        try {
            URI address = URI.create("http://127.0.0.1:" + variables.get("SERVER_PORT"));
            Installation.awaitReady(address, gateway, folder.resolve("gateway.log"));
            try (EventStream stream = EventStream.open(address, "image", null)) {
                post(address);
                stream.awaitEvent(event -> event.name().equals("message_complete"));
            }
            assertThat(image.isHealthy(variables, "worker")).isTrue();
            assertThat(image.isHealthy(variables, "gateway")).isTrue();

            // As `docker stop` does.
            gateway.stop(Duration.ofSeconds(30));
            worker.stop(Duration.ofSeconds(30));
            assertThat(image.isHealthy(variables, "gateway")).isFalse();
            await("the connections to close").until(() -> !image.isHealthy(variables, "worker"));
            assertThat(gateway.onExit().join()).isIn(0, 143);
            assertThat(worker.onExit().join()).isIn(0, 143);
        } finally {
            gateway.kill();
            worker.kill();
        }
    }

    private static List<Path> filesIn(Path root) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(Files::isRegularFile).map(root::relativize).toList();
        }
    }

    private static void post(URI gateway) throws Exception {
        try (HttpClient http = HttpClient.newHttpClient()) {
            var request =
                    HttpRequest.newBuilder(gateway.resolve("/api/chat"))
                            .header("Content-Type", "application/json")
                            .POST(
                                    BodyPublishers.ofString(
                                            """
                                            {"session_id": "image", "user_id": "user1", "message": "Hello"}\
                                            """))
                            .build();
            assertThat(http.send(request, BodyHandlers.ofString()).statusCode()).isEqualTo(202);
        }
    }
}
