package dev.antiphon.e2e.installation;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/// Programs of this machine that the tests run.
public final class Programs {
    private Programs() {}

    /// Finds the first existing program, on PATH or where Debian installs servers.
    ///
    /// @throws IllegalStateException when there is none, with the package to install
    public static String find(String debianPackage, String... names) {
        String path = new ProcessBuilder().environment().getOrDefault("PATH", "");
        return Stream.of(names)
                .flatMap(name ->
                        Stream.of((path + ":/usr/sbin").split(File.pathSeparator, -1))
                                .map(folder -> Path.of(folder, name)))
                .filter(Files::isExecutable)
                .map(Path::toString)
                .findFirst()
                .orElseThrow(() ->
                        new IllegalStateException(
                                names[0] + " is missing: apt-get install " + debianPackage));
    }
}
