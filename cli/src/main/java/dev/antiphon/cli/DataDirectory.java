package dev.antiphon.cli;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

/// The folder of one `up`: a subfolder with data and log for each of its processes, and information about the `up` for
/// others. The system releases a lock on a file in the folder whenever the `up` ends, so the lock shows whether that
/// `up` still runs.
final class DataDirectory implements AutoCloseable {
    private static final String LOCK = "lock";
    private static final String ADDRESSES = "addresses";
    private static final FileAttribute<?> OWNER_ONLY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    private static final String PROCESSES = "processes";

    /// The process id of the `up` itself, so that another user or script can stop it.
    private static final String PID = "pid";

    // A joining process takes the lock for a moment; that must not make an `up` fail.
    private static final Duration LOCK_WITHIN = Duration.ofMillis(500);
    private static final long RETRY_MILLIS = 20;

    // The watchdog of a killed `up` gives its children five seconds before it kills them.
    private static final Duration LEFTOVERS_WITHIN = Duration.ofSeconds(8);

    private static final Duration CLOCK_TOLERANCE = Duration.ofSeconds(2);

    private final Path path;
    private final FileChannel lock;

    // Guarded by this: the names of the recorded processes.
    private Set<String> recorded = Set.of();

    private DataDirectory(Path path, FileChannel lock) {
        this.path = path;
        this.lock = lock;
    }

    /// The folder of `--data`, or `.antiphon` in the project's root, which the launcher passes.
    static Path chosen(@Nullable Path option) {
        if (option != null) {
            return option.toAbsolutePath();
        }
        return Path.of(System.getProperty("antiphon.home", ""))
                .toAbsolutePath()
                .resolve(".antiphon");
    }

    /// Takes the directory for this `up`, and waits for the processes of an earlier one that was killed, because two
    /// servers on one data folder would destroy it.
    ///
    /// @throws StartException if another `up` holds it
    static DataDirectory hold(Path path) {
        try {
            Files.createDirectories(path);
            FileChannel channel =
                    FileChannel.open(
                            path.resolve(LOCK),
                            StandardOpenOption.CREATE,
                            StandardOpenOption.READ,
                            StandardOpenOption.WRITE);
            if (!lockWithin(channel)) {
                channel.close();
                throw new StartException(
                        "another `antiphon up` runs on "
                                + path
                                + ": stop it, or give this one a folder of its own with --data DIR");
            }
            var directory = new DataDirectory(path, channel);
            directory.awaitLeftovers();
            Files.deleteIfExists(path.resolve(ADDRESSES));
            directory.write(PID, List.of("" + ProcessHandle.current().pid()));
            return directory;
        } catch (IOException e) {
            throw new StartException(
                    "cannot use " + path + " for data: " + e + "; choose another with --data DIR");
        }
    }

    private static boolean lockWithin(FileChannel channel) throws IOException {
        long deadline = System.nanoTime() + LOCK_WITHIN.toNanos();
        while (true) {
            if (channel.tryLock() != null) {
                return true;
            }
            if (System.nanoTime() > deadline) {
                return false;
            }
            pause();
        }
    }

    private static void pause() {
        try {
            Thread.sleep(RETRY_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    /// The environment that a running `up` on this folder gives to a process that joins it; empty if none runs.
    static Optional<Map<String, String>> joinable(Path path) {
        try (FileChannel channel = FileChannel.open(path.resolve(LOCK))) {
            FileLock shared = channel.tryLock(0, Long.MAX_VALUE, true);
            if (shared != null) {
                return Optional.empty();
            }
            // An `up` that is still starting has no addresses to give.
            Path addresses = path.resolve(ADDRESSES);
            return Files.exists(addresses) ? Optional.of(read(addresses)) : Optional.empty();
        } catch (NoSuchFileException _) {
            return Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Map<String, String> read(Path addresses) throws IOException {
        return Files.readAllLines(addresses).stream()
                .map(line -> line.split("=", 2))
                .collect(Collectors.toMap(parts -> parts[0], parts -> parts[1]));
    }

    /// The folder for data and log of the process with this name.
    Path folder(String process) {
        try {
            return Files.createDirectories(path.resolve(process));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Path path() {
        return path;
    }

    /// Records the environment for joining processes.
    void recordAddresses(Map<String, String> environment) {
        write(
                ADDRESSES,
                environment.entrySet().stream()
                        .map(entry -> entry.getKey() + "=" + entry.getValue())
                        .sorted()
                        .toList());
    }

    /// Records the running processes, in case this one is killed; and for users, each process id in the file `pid` of
    /// its folder.
    ///
    /// @param pids by the processes' names
    synchronized void recordProcesses(Map<String, Long> pids) {
        write(PROCESSES, pids.values().stream().flatMap(pid -> identity(pid).stream()).toList());
        pids.forEach((process, pid) -> {
            var _ = folder(process);
            write(pidFile(process), List.of("" + pid));
        });
        recorded = Set.copyOf(pids.keySet());
    }

    private static String pidFile(String process) {
        return process + "/" + PID;
    }

    private static Optional<String> identity(long pid) {
        return startMillis(pid).map(start -> pid + "=" + start);
    }

    private static Optional<Long> startMillis(long pid) {
        return ProcessHandle.of(pid)
                .flatMap(process -> process.info().startInstant())
                .map(Instant::toEpochMilli);
    }

    private void awaitLeftovers() throws IOException {
        Path file = path.resolve(PROCESSES);
        if (!Files.exists(file)) {
            return;
        }
        for (String line : Files.readAllLines(file)) {
            String[] parts = line.split("=", 2);
            long pid = Long.parseLong(parts[0]);
            long start = Long.parseLong(parts[1]);
            // The process id alone can belong to another process by now; its start time is a
            // wall-clock time.
            boolean same =
                    startMillis(pid)
                            .filter(now -> Math.abs(now - start) < CLOCK_TOLERANCE.toMillis())
                            .isPresent();
            if (same) {
                ProcessHandle.of(pid).ifPresent(DataDirectory::awaitEnd);
            }
        }
        Files.delete(file);
    }

    private static void awaitEnd(ProcessHandle leftover) {
        try {
            leftover.onExit().get(LEFTOVERS_WITHIN.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException _) {
            throw new StartException(
                    "process "
                            + leftover.pid()
                            + " of an earlier `antiphon up` still runs: end it with kill -9 "
                            + leftover.pid());
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    private void write(String name, List<String> lines) {
        // A reader sees the old file or the new one, never half a file.
        Path draft = path.resolve(name + ".draft");
        try {
            Files.deleteIfExists(draft);
            Files.createFile(draft, OWNER_ONLY); // settings can contain keys and passwords
            Files.write(draft, lines);
            Files.move(draft, path.resolve(name), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Releases the directory. Deletes the records: no process runs any more.
    @Override
    public synchronized void close() {
        if (!lock.isOpen()) {
            // Released already: the files can belong to another `up` by now.
            return;
        }
        try {
            Files.deleteIfExists(path.resolve(ADDRESSES));
            Files.deleteIfExists(path.resolve(PROCESSES));
            Files.deleteIfExists(path.resolve(PID));
            for (String process : recorded) {
                Files.deleteIfExists(path.resolve(pidFile(process)));
            }
            lock.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
