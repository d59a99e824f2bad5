package dev.antiphon.bench.system;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/// The whole machine, to know whether anything else was busy during a measurement.
public final class Machine {

    /// The kernel's unit in `/proc/stat`, on every Linux.
    private static final Duration TICK = Duration.ofMillis(10);

    private static final int USER = 0;
    private static final int IDLE = 3;
    private static final int WAITING = 4;
    private static final int STEAL = 7;

    private Machine() {}

    /// CPU time of all processes except this one since the machine's start; empty on a system without `/proc/stat`.
    public static Optional<Duration> othersCpu() {
        Duration own = ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO);
        try (Stream<String> lines = Files.lines(Path.of("/proc/stat"))) {
            return lines.findFirst().map(line -> busy(line).minus(own));
        } catch (IOException | UncheckedIOException _) {
            return Optional.empty();
        }
    }

    private static Duration busy(String line) {
        String[] fields = line.strip().split(" +", -1);
        long ticks =
                LongStream.rangeClosed(USER, STEAL)
                        .filter(field -> field != IDLE && field != WAITING)
                        .map(field -> Long.parseLong(fields[1 + (int) field]))
                        .sum();
        return TICK.multipliedBy(ticks);
    }
}
