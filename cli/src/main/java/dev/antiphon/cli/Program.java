package dev.antiphon.cli;

import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// This program as it lies on disk: how to run one of its commands in a JVM of its own.
final class Program {
    private Program() {}

    /// The words of a command line that runs `antiphon` with these arguments as this JVM runs it: same
    /// JDK, same jar, and the JVM options and the AOT cache that lie beside the jar.
    static List<String> command(List<String> jvmOptions, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        Path code = code();
        if (Files.isRegularFile(code)) {
            command.add("@" + code.resolveSibling("jvm.options"));
            // The launcher names it when it fits this build.
            String aotCache = System.getProperty("antiphon.aot");
            if (aotCache != null) {
                command.add("-XX:AOTCache=" + aotCache);
            }
            command.addAll(jvmOptions);
            command.addAll(List.of("-jar", code.toString()));
        } else {
            // From an IDE: a folder of classes, no jar and nothing beside it.
            command.addAll(jvmOptions);
            command.addAll(
                    List.of(
                            "-cp",
                            System.getProperty("java.class.path"),
                            Antiphon.class.getName()));
        }
        command.addAll(List.of(arguments));
        return command;
    }

    private static Path code() {
        try {
            return Path.of(
                    Program.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
