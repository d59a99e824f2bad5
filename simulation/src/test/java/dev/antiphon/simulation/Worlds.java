package dev.antiphon.simulation;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/// Many worlds, in as many processes as there are processors. Not in as many threads: the JDK guards some state by
/// a lock for all threads (its random numbers, for example), so one world would wait for another, and a seed would
/// not replay.
final class Worlds {

    private static final String COUNT = "count ";
    private static final String FAILURE = "failure ";
    private static final String END = "end";

    private final List<String> failures = new ArrayList<>();
    private final Map<Chronicle.Count, Long> counts = new EnumMap<>(Chronicle.Count.class);

    List<String> failures() {
        return failures;
    }

    Map<Chronicle.Count, Long> counts() {
        return counts;
    }

    /// Runs worlds 1 to `most`.
    static Worlds inProcesses(int most) throws IOException {
        int processes = Math.max(1, Math.min(8, Runtime.getRuntime().availableProcessors()));
        List<Process> started = new ArrayList<>();
        for (int first = 1; first <= processes; first++) {
            started.add(start(first, most, processes));
        }
        Worlds all = new Worlds();
        for (Process process : started) {
            all.read(process);
        }
        return all;
    }

    private static Process start(int first, int last, int step) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        for (String argument : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
            if (!argument.startsWith("-javaagent") && !argument.startsWith("-D")) {
                command.add(argument);
            }
        }
        command.add("-Djdk.trackAllThreads=false");
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        command.add(Worlds.class.getName());
        command.addAll(
                List.of(Integer.toString(first), Integer.toString(last), Integer.toString(step)));
        return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    }

    private void read(Process process) {
        boolean ended = false;
        try (BufferedReader lines =
                new BufferedReader(
                        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith(COUNT)) {
                    String[] words = line.split(" ", -1);
                    counts.merge(
                            Chronicle.Count.valueOf(words[1]), Long.valueOf(words[2]), Long::sum);
                } else if (line.startsWith(FAILURE)) {
                    failures.add(line.substring(FAILURE.length()).replace('\t', '\n'));
                } else if (line.equals(END)) {
                    ended = true;
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (!ended) {
            failures.add("a process ended early");
        }
    }

    /// One of the processes: worlds first, first + step, … up to last.
    public static void main(String[] arguments) {
        Worlds worlds = new Worlds();
        long last = Long.parseLong(arguments[1]);
        long step = Long.parseLong(arguments[2]);
        for (long seed = Long.parseLong(arguments[0]); seed <= last; seed += step) {
            worlds.live(seed);
        }
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        worlds.counts.forEach((count, times) -> out.println(COUNT + count + " " + times));
        worlds.failures.forEach(each -> out.println(FAILURE + each.replace('\n', '\t')));
        out.println(END);
        out.flush();
    }

    /// Runs one world.
    void live(long seed) {
        Chronicle chronicle = World.live(seed, new Seams());
        for (Chronicle.Count count : Chronicle.Count.values()) {
            counts.merge(count, chronicle.of(count), Long::sum);
        }
        if (!chronicle.violations().isEmpty()) {
            failures.add(
                    "seed "
                            + seed
                            + " (again: ./antiphon test --seed "
                            + seed
                            + ")\n  "
                            + String.join("\n  ", chronicle.violations()));
        }
    }
}
