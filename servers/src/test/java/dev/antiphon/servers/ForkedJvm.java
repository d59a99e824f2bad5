package dev.antiphon.servers;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A second JVM with this test's class path, for effects that are only visible from outside a JVM.
final class ForkedJvm {
    private ForkedJvm() {}

    static ProcessBuilder running(Class<?> main, String... options) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        return new ProcessBuilder(command).redirectErrorStream(true);
    }

    /// The processes in the first `count` lines `pid=…` that the JVM prints.
    static List<ProcessHandle> pids(Process jvm, int count) throws IOException {
        List<ProcessHandle> found = new ArrayList<>();
        var reader = jvm.inputReader();
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            if (line.startsWith("pid=")) {
                long pid = Long.parseLong(line.substring("pid=".length()));
                found.add(ProcessHandle.of(pid).orElseThrow());
            }
            if (found.size() == count) {
                return found;
            }
        }
        throw new AssertionError("the forked JVM ended early");
    }
}
