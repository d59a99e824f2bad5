package dev.antiphon.cli;

import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// This program on disk: how to run one of its commands in its own JVM.
final class Program {
    private Program() {}

    /// The command line that runs `antiphon` with these arguments just as this JVM runs: with the same JDK and jar, and
    /// with the JVM options and the AOT cache next to the jar.
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
            // From an IDE: a folder of classes, without a jar and its neighbours.
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
