package dev.antiphon.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/// What a report says about where its numbers come from.
final class Provenance {
    private Provenance() {}

    /// Such as `2 cores, Linux 6.1, JDK 25.0.1`.
    static String machine() {
        return "%d cores, %s %s, JDK %s"
                .formatted(
                        Runtime.getRuntime().availableProcessors(),
                        System.getProperty("os.name"),
                        System.getProperty("os.version"),
                        Runtime.version());
    }

    /// The commit of the sources, with `-dirty` when they were changed since; `unknown` without git.
    static String commit() throws InterruptedException {
        try {
            Process git =
                    new ProcessBuilder("git", "describe", "--always", "--dirty")
                            .directory(home().toFile())
                            .redirectErrorStream(true)
                            .start();
            String said =
                    new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            return git.waitFor() == 0 ? said : "unknown";
        } catch (IOException _) {
            return "unknown"; // a copy without git
        }
    }

    /// The folder of the project.
    static Path home() {
        return Path.of(System.getProperty("antiphon.home", ".")).toAbsolutePath();
    }
}
