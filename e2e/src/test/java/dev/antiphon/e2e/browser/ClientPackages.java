package dev.antiphon.e2e.browser;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.servers.ChildProcess;
import dev.antiphon.servers.NodePackages;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/// The npm packages of `web/`, in a copy below `target` with the tools that build and check them.
final class ClientPackages {
    private static final Path SOURCE = Path.of("..", "web");
    private static final Path COPY = Path.of("target", "web").toAbsolutePath();
    private static final Duration DONE_WITHIN = Duration.ofMinutes(2);

    private ClientPackages() {}

    static void install() throws IOException {
        // Files that were deleted or renamed since the last installation must not be tested.
        delete(COPY.resolve("src"));
        NodePackages.install(SOURCE, COPY);
    }

    /// A file or folder of the copy.
    static Path path(String path) {
        return COPY.resolve(path);
    }

    /// Packs both packages as they would be published.
    ///
    /// @return the client's archive, then that of the React hook
    static List<Path> pack(Path folder) throws Exception {
        run(
                COPY,
                "npm",
                "pack",
                "--pack-destination=" + folder,
                "--workspace=@antiphon/client",
                "--workspace=@antiphon/react");
        try (Stream<Path> archives = Files.list(folder)) {
            return archives.sorted().toList();
        }
    }

    /// Installs archives into a project. They need no registry: the project itself provides peer dependencies.
    static void add(Path project, List<Path> archives) throws Exception {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                "install",
                                "--offline",
                                "--legacy-peer-deps",
                                "--no-audit",
                                "--no-fund"));
        archives.forEach(archive -> command.add(archive.toString()));
        run(project, "npm", command.toArray(String[]::new));
    }

    /// Runs a tool that the lock file names, such as `tsc`.
    static String tool(Path folder, String name, String... arguments) throws Exception {
        List<String> command =
                new ArrayList<>(
                        List.of(COPY.resolve("node_modules/.bin").resolve(name).toString()));
        command.addAll(List.of(arguments));
        return run(folder, "node", command.toArray(String[]::new));
    }

    /// Runs `node` or `npm`, which must succeed.
    ///
    /// @return its output
    static String run(Path folder, String program, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(NodePackages.path(program).toString()));
        command.addAll(List.of(arguments));
        Path output = Files.createTempFile("antiphon-" + program, ".log");
        try {
            ChildProcess process =
                    ChildProcess.start(
                            new ProcessBuilder(command)
                                    .directory(folder.toFile())
                                    .redirectErrorStream(true)
                                    .redirectOutput(output.toFile()));
            boolean ended = process.awaitExit(DONE_WITHIN);
            process.kill();
            String printed = Files.readString(output);
            assertThat(ended).as("timeout: %s%n%s", command, printed).isTrue();
            assertThat(process.onExit().join()).as("%s%n%s", command, printed).isZero();
            return printed;
        } finally {
            Files.delete(output);
        }
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
