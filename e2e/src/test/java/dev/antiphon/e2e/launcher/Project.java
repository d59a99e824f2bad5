package dev.antiphon.e2e.launcher;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// A built project in its own folder, without sources: its launcher has nothing to build, so that no test starts Maven
/// inside Maven.
final class Project {
    private static final Path CHECKOUT = Path.of("..").toAbsolutePath().normalize();

    private final Path folder;
    private final Path root;

    private Project(Path folder, Path root) {
        this.folder = folder;
        this.root = root;
    }

    /// @param folder an empty one; the root in it has a space in its name, as a user's can
    static Project in(Path folder) throws IOException {
        Path root = folder.resolve("my project");
        Path built = CHECKOUT.resolve("cli/target");
        Path target = Files.createDirectories(root.resolve("cli/target/run"));
        Files.copy(
                CHECKOUT.resolve("antiphon"),
                root.resolve("antiphon"),
                StandardCopyOption.COPY_ATTRIBUTES);
        for (String file : List.of("antiphon.jar", "jvm.options")) {
            place(built.resolve(file), target.resolve(file));
        }
        Path lib = Files.createDirectory(target.resolve("lib"));
        try (var jars = Files.list(built.resolve("lib"))) {
            for (Path jar : jars.toList()) {
                place(jar, lib.resolve(jar.getFileName()));
            }
        }
        // An empty AOT cache that is newer than the jar: stands for an attempted rehearsal.
        Files.createFile(target.resolve("antiphon.aot"));
        return new Project(folder, root);
    }

    // A copy without cost if both are on one file system.
    private static void place(Path file, Path copy) throws IOException {
        try {
            Files.createLink(copy, file);
        } catch (FileSystemException _) {
            Files.copy(file, copy, StandardCopyOption.COPY_ATTRIBUTES);
        }
    }

    /// The folder of data when no other is named.
    Path data() {
        return root.resolve(".antiphon");
    }

    /// The file that the launcher builds first when it is missing.
    Path jar() {
        return root.resolve("cli/target/run/antiphon.jar");
    }

    /// Runs `./antiphon` with these arguments, from another folder.
    Launched launch(String... arguments) throws IOException {
        return launch(Map.of(), arguments);
    }

    /// @param environment added to this process' own; an empty value unsets a variable
    Launched launch(Map<String, String> environment, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(root.resolve("antiphon").toString()));
        command.addAll(List.of(arguments));
        var builder = new ProcessBuilder(command).directory(folder.toFile());
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().putAll(environment);
        builder.redirectInput(Path.of("/dev/null").toFile());
        return new Launched(builder.start());
    }
}
