package dev.antiphon.bench.system;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// The processes of a system and their children, as the operating system accounts for them.
public final class Processes {

    /// A process and its children, under one name.
    ///
    /// @param name such as `worker`; several parts can have the same name
    /// @param pid of the process that started the others
    public record Part(String name, long pid) {}

    /// CPU time by name, since the start of each process; children that have ended are not in it.
    public record Use(Map<String, Duration> cpu) {
        public Use {
            cpu = new TreeMap<>(cpu);
        }

        /// What was used since an earlier look.
        public Use since(Use before) {
            Map<String, Duration> used = new TreeMap<>();
            cpu.forEach((name, now) ->
                    used.put(name, now.minus(before.cpu().getOrDefault(name, Duration.ZERO))));
            return new Use(used);
        }

        /// Of all processes together.
        public Duration total() {
            return cpu.values().stream().reduce(Duration.ZERO, Duration::plus);
        }
    }

    private static final Duration COLLECT_WITHIN = Duration.ofSeconds(30);

    private final List<Part> parts;

    public Processes(List<Part> parts) {
        this.parts = List.copyOf(parts);
    }

    public List<Part> parts() {
        return parts;
    }

    /// Looks at the CPU time now; takes some milliseconds.
    public Use use() {
        Map<String, Duration> cpu = new HashMap<>();
        parts.forEach(part -> cpu.put(part.name(), Duration.ZERO));
        owned().forEach((process, name) ->
                cpu.merge(
                        name,
                        process.info().totalCpuDuration().orElse(Duration.ZERO),
                        Duration::plus));
        return new Use(cpu);
    }

    /// Resident memory of the parts with this name, in bytes.
    public long resident(String name) {
        long sum = 0;
        for (Map.Entry<ProcessHandle, String> each : owned().entrySet()) {
            sum += each.getValue().equals(name) ? resident(each.getKey().pid()) : 0;
        }
        return sum;
    }

    /// Makes the JVMs among the parts with this name collect their garbage, so that [#resident] means what is in use.
    public void collectGarbage(String name) throws InterruptedException {
        for (Part part : parts) {
            boolean isJava =
                    ProcessHandle.of(part.pid())
                            .flatMap(process -> process.info().command())
                            .filter(command -> command.endsWith("/java"))
                            .isPresent();
            if (part.name().equals(name) && isJava) {
                collectGarbage(part.pid());
            }
        }
    }

    private static void collectGarbage(long pid) throws InterruptedException {
        Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
        try {
            Process process =
                    new ProcessBuilder(jcmd.toString(), "" + pid, "GC.run")
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start();
            if (!process.waitFor(COLLECT_WITHIN.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// All processes of the parts: a process belongs to its nearest ancestor that is a part.
    private Map<ProcessHandle, String> owned() {
        Map<Long, String> names = new HashMap<>();
        parts.forEach(part -> names.put(part.pid(), part.name()));
        Map<ProcessHandle, String> owned = new LinkedHashMap<>();
        try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
            all.forEach(
                    process -> owner(process, names).ifPresent(name -> owned.put(process, name)));
        }
        return owned;
    }

    private static Optional<String> owner(ProcessHandle process, Map<Long, String> names) {
        for (Optional<ProcessHandle> at = Optional.of(process);
                at.isPresent();
                at = at.get().parent()) {
            String name = names.get(at.get().pid());
            if (name != null) {
                return Optional.of(name);
            }
        }
        return Optional.empty();
    }

    private static long resident(long pid) {
        Path status = Path.of("/proc", "" + pid, "status");
        try (Stream<String> lines = Files.lines(status)) {
            return lines.filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024)
                    .sum();
        } catch (IOException | UncheckedIOException _) {
            return 0; // it has ended, or this system has no /proc
        }
    }
}
