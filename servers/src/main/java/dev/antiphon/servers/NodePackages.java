package dev.antiphon.servers;

import dev.antiphon.servers.ServerStartException.Reason;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.StreamSupport;

/// Programs in JavaScript that tests run against, with packages from npm at the versions of a lock file.
public final class NodePackages {
    /// npm retries by itself; a slow network must still be told from a missing one.
    private static final Duration INSTALL_WITHIN = Duration.ofMinutes(5);

    private static final int LOG_LINES_SHOWN = 3;

    /// Folders that a build or an installation in the source itself leaves there.
    private static final Set<String> BUILT = Set.of("target", "node_modules");

    private NodePackages() {}

    /// Copies a folder without `target` and `node_modules`, and installs the packages of its `package-lock.json` in the
    /// copy. Existing installations are kept. Blocks for seconds the first time. Several processes can ask for the same
    /// folder at once.
    ///
    /// @param source a folder with `package.json` and `package-lock.json`
    /// @param target the destination, for example below `target`
    /// @throws ServerStartException with one line that says what to do
    public static void install(Path source, Path target) {
        try {
            Files.createDirectories(target);
            try (var lock =
                            FileChannel.open(
                                    target.resolve(".lock"),
                                    StandardOpenOption.CREATE,
                                    StandardOpenOption.WRITE);
                    var _ = lock.lock()) {
                installLocked(source, target);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void installLocked(Path source, Path target) throws IOException {
        Path wanted = source.resolve("package-lock.json");
        // Written last: an installation that was killed starts again.
        Path installed = target.resolve(".installed");
        copy(source, target);
        if (Files.exists(installed) && Files.mismatch(wanted, installed) < 0) {
            return;
        }
        Files.deleteIfExists(installed);
        run(
                target,
                "npm",
                "ci",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
                "--no-update-notifier",
                "--prefer-offline");
        Files.copy(wanted, installed);
    }

    private static void copy(Path source, Path target) throws IOException {
        try (var files = Files.walk(source)) {
            for (Path file : files.filter(each -> !isBuilt(source.relativize(each))).toList()) {
                Path copy = target.resolve(source.relativize(file));
                if (Files.isDirectory(file)) {
                    Files.createDirectories(copy);
                } else {
                    Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
                }
            }
        }
    }

    private static boolean isBuilt(Path file) {
        return StreamSupport.stream(file.spliterator(), false)
                .anyMatch(name -> BUILT.contains(name.toString()));
    }

    private static void run(Path folder, String program, String... arguments) {
        LogFile log = new LogFile(folder.resolve(program + ".log"));
        log.begin();
        List<String> command = new ArrayList<>(List.of(path(program).toString()));
        command.addAll(List.of(arguments));
        ChildProcess process =
                ChildProcess.start(
                        new ProcessBuilder(command)
                                .directory(folder.toFile())
                                .redirectErrorStream(true)
                                .redirectOutput(
                                        ProcessBuilder.Redirect.appendTo(log.path().toFile())));
        try {
            if (process.awaitExit(INSTALL_WITHIN) && process.onExit().join() == 0) {
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            process.kill();
        }
        throw new ServerStartException(
                Reason.DIED,
                "%s could not install %s: %s (log: %s)"
                        .formatted(
                                program,
                                folder,
                                String.join(" | ", log.tail(LOG_LINES_SHOWN)),
                                log.path()));
    }

    /// The executable `node`, or `npm`.
    ///
    /// @throws ServerStartException when it is not installed
    public static Path path(String program) {
        return Executable.find(program)
                .orElseThrow(() ->
                        new ServerStartException(
                                Reason.NOT_INSTALLED,
                                program
                                        + " is not installed: apt-get install nodejs npm"
                                        + " (Debian, Ubuntu), brew install node (macOS), or see"
                                        + " https://nodejs.org/en/download"));
    }
}
