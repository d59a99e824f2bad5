package dev.antiphon.servers;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Finds programs by name: on `PATH`, then in the folders where package managers install servers and that an ordinary
/// user's `PATH` lacks (Debian installs nats-server in `/usr/sbin`).
///
/// The system property `antiphon.places`, a list like `PATH`, replaces those folders: for servers that are installed
/// elsewhere, and for tests that need a machine without them.
public final class Executable {
    private static final String USUAL_PLACES =
            String.join(
                    File.pathSeparator,
                    "/usr/local/sbin",
                    "/usr/local/bin",
                    "/usr/sbin",
                    "/usr/bin",
                    "/sbin",
                    "/bin",
                    "/opt/homebrew/bin",
                    "/opt/local/bin",
                    "/snap/bin");

    /// Folders with one subfolder for each version of a server.
    private static final List<String> VERSIONED_PLACES =
            List.of("/usr/lib/postgresql", "/usr/local/lib/postgresql");

    private Executable() {}

    /// The program with this name; empty when it is not installed.
    public static Optional<Path> find(String name) {
        // The environment that a child would get, because the system would also search there.
        String path = new ProcessBuilder().environment().getOrDefault("PATH", "");
        String places = System.getProperty("antiphon.places");
        return places == null
                ? find(name, path, USUAL_PLACES).or(() -> newest(name))
                : find(name, path, places);
    }

    private static Optional<Path> newest(String name) {
        return VERSIONED_PLACES.stream()
                .flatMap(place -> versions(Path.of(place)))
                .map(version -> version.resolve("bin").resolve(name))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /// The subfolders whose names are numbers, the highest first.
    private static Stream<Path> versions(Path place) {
        String[] names = place.toFile().list();
        return names == null
                ? Stream.empty()
                : Stream.of(names)
                        .filter(name -> name.matches("[0-9]{1,4}"))
                        .map(Integer::valueOf)
                        .sorted(Comparator.reverseOrder())
                        .map(version -> place.resolve(version.toString()));
    }

    static Optional<Path> find(String name, String path, String places) {
        return Stream.of(path, places)
                .flatMap(list -> Stream.of(list.split(File.pathSeparator, -1)))
                .filter(folder -> !folder.isEmpty())
                .map(folder -> Path.of(folder, name))
                .filter(file -> Files.isRegularFile(file) && Files.isExecutable(file))
                .findFirst();
    }
}
