package dev.antiphon.e2e.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A started launcher, and its output so far.
final class Launched implements AutoCloseable {
    private static final Duration WITHIN = Duration.ofSeconds(40);
    private static final Pattern PID = Pattern.compile("pid=([0-9]+)");

    private final Process process;
    private final List<String> output = new CopyOnWriteArrayList<>();
    private final List<String> errors = new CopyOnWriteArrayList<>();
    private final List<Thread> readers;

    Launched(Process process) {
        this.process = process;
        this.readers =
                List.of(
                        reading(process.inputReader(), output),
                        reading(process.errorReader(), errors));
    }

    private static Thread reading(BufferedReader from, List<String> into) {
        return Thread.ofVirtual()
                .start(() -> {
                    try (from) {
                        for (String line = from.readLine(); line != null; line = from.readLine()) {
                            into.add(line);
                        }
                    } catch (IOException _) {
                        // The pipe of a killed process: a normal end.
                    }
                });
    }

    /// The first line on standard output that starts with this text.
    String line(String start) {
        return await().atMost(WITHIN)
                .failFast(() ->
                        assertThat(process.isAlive() || has(start))
                                .as("still runs; its errors: %s", errors)
                                .isTrue())
                .until(
                        () -> output.stream().filter(line -> line.startsWith(start)).findFirst(),
                        Optional::isPresent)
                .orElseThrow();
    }

    /// The line that starts with this text and names another process than `pid`, once it is printed.
    String nextLine(String start, long pid) {
        return await().atMost(WITHIN)
                .until(
                        () ->
                                output.stream()
                                        .filter(line ->
                                                line.startsWith(start) && pidIn(line) != pid)
                                        .reduce((_, last) -> last),
                        Optional::isPresent)
                .orElseThrow();
    }

    /// The process in the last line that starts with this text.
    ProcessHandle process(String start) {
        line(start);
        String last =
                output.stream()
                        .filter(line -> line.startsWith(start))
                        .reduce((_, later) -> later)
                        .orElseThrow();
        return ProcessHandle.of(pidIn(last)).orElseThrow();
    }

    private static long pidIn(String line) {
        Matcher pid = PID.matcher(line);
        assertThat(pid.find()).as("%s names a process", line).isTrue();
        return Long.parseLong(pid.group(1));
    }

    /// The first line on standard error that contains this text.
    String error(String part) {
        return await().atMost(WITHIN)
                .until(
                        () -> errors.stream().filter(line -> line.contains(part)).findFirst(),
                        Optional::isPresent)
                .orElseThrow();
    }

    private boolean has(String start) {
        return output.stream().anyMatch(line -> line.startsWith(start));
    }

    /// The address after `ready`, once it is printed.
    URI ready() {
        return URI.create(line("ready ").substring("ready ".length()));
    }

    /// The processes in the lines so far, in order, except those that have ended.
    List<ProcessHandle> processes() {
        return output.stream()
                .map(PID::matcher)
                .filter(Matcher::find)
                .flatMap(pid -> ProcessHandle.of(Long.parseLong(pid.group(1))).stream())
                .toList();
    }

    List<String> output() {
        return List.copyOf(output);
    }

    List<String> errors() {
        return List.copyOf(errors);
    }

    void terminate() {
        process.destroy();
    }

    void kill() {
        process.destroyForcibly();
    }

    /// Waits for its end and for all its output.
    int exitCode() throws InterruptedException {
        assertThat(process.waitFor(WITHIN.toSeconds(), TimeUnit.SECONDS))
                .as("ends; its output: %s, its errors: %s", output, errors)
                .isTrue();
        for (Thread reader : readers) {
            reader.join();
        }
        return process.exitValue();
    }

    static int status(URI address) throws IOException {
        var connection = (HttpURLConnection) address.toURL().openConnection();
        try {
            return connection.getResponseCode();
        } finally {
            connection.disconnect();
        }
    }

    static void assertEnded(List<ProcessHandle> processes) {
        await().atMost(WITHIN).until(() -> processes.stream().noneMatch(ProcessHandle::isAlive));
    }

    @Override
    public void close() {
        process.destroy();
        process.onExit().completeOnTimeout(process, WITHIN.toSeconds(), TimeUnit.SECONDS).join();
        process.destroyForcibly();
    }
}
