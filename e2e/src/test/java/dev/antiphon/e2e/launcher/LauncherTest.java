package dev.antiphon.e2e.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.antiphon.servers.Ports;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// The work of the bash script before a JVM runs.
final class LauncherTest {
    // The commands that it calls; nothing else is on the PATH of a bare machine.
    private static final List<String> TOOLS =
            List.of(
                    "bash",
                    "cat",
                    "dirname",
                    "env",
                    "find",
                    "head",
                    "id",
                    "ln",
                    "mkdir",
                    "readlink",
                    "rm",
                    "sh",
                    "sleep",
                    "touch",
                    "uname");

    private static final Duration WITHIN = Duration.ofSeconds(30);

    @TempDir Path folder;

    private Project project;

    @BeforeEach
    void build() throws IOException {
        project = Project.in(folder);
    }

    @Test
    void anOlderDefaultJavaDoesNotMatter() throws Exception {
        Path old = jdk("old", "17.0.15");
        Map<String, String> environment =
                Map.of(
                        "JAVA_HOME", old.toString(),
                        "PATH", old.resolve("bin") + File.pathSeparator + System.getenv("PATH"),
                        "ANTIPHON_JDKS", System.getProperty("java.home"));
        try (Launched version = project.launch(environment, "--version")) {
            assertThat(version.exitCode()).isZero();
            assertThat(version.output()).singleElement().asString().startsWith("antiphon ");
        }
    }

    @Test
    void withoutARecentJdkItSaysWhatToInstall() throws Exception {
        Path old = jdk("old", "17.0.15");
        Map<String, String> environment =
                Map.of(
                        "JAVA_HOME",
                        old.toString(),
                        "PATH",
                        bareMachine().toString(),
                        "ANTIPHON_JDKS",
                        "");
        try (Launched up = project.launch(environment, "up")) {
            assertThat(up.exitCode()).isEqualTo(1);
            assertThat(up.errors())
                    .singleElement()
                    .asString()
                    .startsWith(
                            "antiphon needs a JDK 25 or later (found 17 in "
                                    + old
                                    + "): install one, for example ");
        }
    }

    @Test
    void withoutServersItSaysWhatToInstall() throws Exception {
        try (Launched up = project.launch(withoutServers(bareMachine()), "up")) {
            assertThat(up.exitCode()).isEqualTo(1);
            assertThat(up.errors())
                    .singleElement()
                    .asString()
                    .startsWith("missing: nats-server redis-server; install them");
        }
    }

    @Test
    void withoutServersItNamesTheCommandThatInstallsThem() throws Exception {
        Path machine = bareMachine();
        script(machine.resolve("apt-get"), "exit 1");
        try (Launched up = project.launch(withoutServers(machine), "up")) {
            assertThat(up.exitCode()).isEqualTo(1);
            assertThat(up.errors())
                    .singleElement()
                    .asString()
                    .isEqualTo(
                            "missing: nats-server redis-server; install them (apt-get install nats-server"
                                    + " redis-server), or try again with --yes");
        }
    }

    @Test
    void installsServersAfterTheAnswerYes() throws Exception {
        Path machine = bareMachine();
        Path packages = Files.createDirectory(folder.resolve("packages"));
        for (String server : List.of("nats-server", "redis-server")) {
            script(packages.resolve(server), run(server));
        }
        // An apt-get that installs by moving files to where PATH finds them.
        script(
                machine.resolve("apt-get"),
                """
                echo "apt-get $*"
                [ "$1" = update ] || exec %s '%s'/* '%s'
                """
                        .formatted(real("mv"), packages, machine));
        try (Launched up = project.launch(withoutServers(machine), "up", "--port", "0", "--yes")) {
            up.ready();
            assertThat(up.errors())
                    .contains(
                            "apt-get update -q",
                            "apt-get install -q -y --no-install-recommends nats-server redis-server");
        }
    }

    @Test
    void doesNotMissServersThatTheEnvironmentNames() throws Exception {
        Map<String, String> environment = new HashMap<>(withoutServers(bareMachine()));
        environment.put("NATS_URL", "nats://127.0.0.1:1");
        environment.put("REDIS_HOST", "127.0.0.1");
        try (Launched up = project.launch(environment, "up", "--port", "0")) {
            assertThat(up.exitCode()).isEqualTo(1);
            assertThat(up.errors())
                    .singleElement()
                    .asString()
                    .startsWith("NATS_URL is set, but nothing answers");
        }
    }

    @Test
    void mistypedOptionsAndSettingsAreOneLine() throws Exception {
        assertOneLine(Map.of(), 2, "Unknown option: '--prot=80'", "up", "--prot=80");
        assertOneLine(Map.of(), 1, "--port must be from 0 to 65535", "up", "--port", "80000");
        assertOneLine(
                Map.of(),
                1,
                "--demo-delay must be a duration such as",
                "up",
                "--demo-delay",
                "fast");
        assertOneLine(
                Map.of("CHAT_DEMO_DELY", "0ms"),
                1,
                "CHAT_DEMO_DELY is not a known setting; did you mean CHAT_DEMO_DELAY?",
                "up");
        assertOneLine(
                Map.of("CHAT_WORKFLOW_CONCURRENCY", "many"),
                1,
                "CHAT_WORKFLOW_CONCURRENCY must be a whole number",
                "worker");
    }

    @Test
    void aBenchmarkOfAClosedPortFailsAtOnceAndNamesThePort() throws Exception {
        String url = "http://127.0.0.1:" + Ports.free();
        for (List<String> load : List.of(List.of("--answers", "5"), List.of("--storm", "5"))) {
            List<String> arguments = new ArrayList<>(List.of("bench", "--url", url));
            arguments.addAll(load);
            assertOneLine(
                    Map.of(),
                    1,
                    "the load failed: cannot connect to " + url + ": Connection refused",
                    arguments.toArray(String[]::new));
        }
        assertOneLine(
                Map.of(),
                1,
                "--url must be a gateway's address with its port",
                "bench",
                "--url",
                "localhost:8080");
    }

    @Test
    void aSignalDuringTheBuildEndsTheBuildToo() throws Exception {
        Path machine = bareMachine();
        Path builder = folder.resolve("builder");
        // A Maven whose build takes longer than any user waits, with a child process.
        script(machine.resolve("mvn"), "echo $$ >'" + builder + "'; sleep 600 & wait");
        Files.delete(project.jar());
        try (Launched up = project.launch(Map.of("PATH", machine.toString()), "up")) {
            await().atMost(WITHIN).until(() -> Files.exists(builder) && Files.size(builder) > 0);
            ProcessHandle build =
                    ProcessHandle.of(Long.parseLong(Files.readString(builder).strip()))
                            .orElseThrow();
            List<ProcessHandle> started =
                    Stream.concat(Stream.of(build), build.descendants()).toList();

            up.terminate();

            assertThat(up.exitCode()).isEqualTo(128 + 15);
            Launched.assertEnded(started);
        }
    }

    private void assertOneLine(
            Map<String, String> environment, int code, String start, String... arguments)
            throws Exception {
        try (Launched launched = project.launch(environment, arguments)) {
            assertThat(launched.exitCode()).isEqualTo(code);
            assertThat(launched.errors()).singleElement().asString().startsWith(start);
            assertThat(launched.output()).isEmpty();
        }
    }

    /// A folder with the parts of a JDK of this version that the launcher checks.
    private Path jdk(String name, String version) throws IOException {
        Path home = folder.resolve(name);
        Files.createDirectories(home.resolve("bin"));
        script(home.resolve("bin/java"), "echo the wrong java >&2; exit 99");
        script(home.resolve("bin/javac"), "exit 99");
        Files.writeString(
                home.resolve("release"),
                "IMPLEMENTOR=\"Test\"\nJAVA_VERSION=\"" + version + "\"\n");
        return home;
    }

    /// A folder with the few tools that every system has.
    private Path bareMachine() throws IOException {
        Path machine = Files.createDirectory(folder.resolve("bin"));
        for (String tool : TOOLS) {
            script(machine.resolve(tool), run(tool));
        }
        return machine;
    }

    private static String run(String program) {
        return "exec " + real(program) + " \"$@\"";
    }

    private static Map<String, String> withoutServers(Path machine) {
        return Map.of("PATH", machine.toString(), "ANTIPHON_PLACES", "");
    }

    private static Path real(String program) {
        return Stream.of(
                        System.getenv("PATH").split(File.pathSeparator, -1),
                        new String[] {"/usr/sbin", "/usr/local/sbin", "/sbin"})
                .flatMap(Stream::of)
                .map(place -> Path.of(place, program))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow();
    }

    private static void script(Path file, String body) throws IOException {
        Files.writeString(file, "#!/bin/sh\n" + body + "\n");
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }
}
