package dev.antiphon.servers;

import dev.antiphon.servers.ServerStartException.Reason;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/// A real server as a child process on `127.0.0.1`. It can be killed, stopped and started again on the same port and
/// data. All methods are safe from any thread; those that start or stop it block.
public abstract sealed class Server implements AutoCloseable
        permits NatsServer, PostgresServer, RedisServer {
    private static final Duration READY_WITHIN = Duration.ofSeconds(30);
    private static final Duration PROBE_EVERY = Duration.ofMillis(10);
    private static final Duration STOP_GRACE = Duration.ofSeconds(10);
    private static final int LOG_LINES_SHOWN = 3;
    private static final int FREE_PORT_TRIES = 5;

    private final String name;
    private final int port;
    private final Path directory;
    private final boolean temporary;
    private final LogFile log;

    /// The result of one look at a starting server.
    sealed interface Probe {
        record Ready() implements Probe {}

        /// Not yet; look again.
        record Starting() implements Probe {}

        /// It serves, but its set-up does not fit, and waiting will not change that. `remedy` is one line with the
        /// problem and what to do.
        record Wrong(String remedy) implements Probe {}
    }

    // The latest process, which might have ended; null before the first start. Written under
    // the lock (this) that a start holds; read without the lock, so that a stop need not wait
    // for a start.
    private volatile @Nullable ChildProcess process;
    private volatile boolean closed;

    /// `directory` null means a temporary one, deleted by [#close()].
    Server(String name, @Nullable Path directory, int port) {
        this.name = name;
        this.port = port;
        this.temporary = directory == null;
        this.directory = directory == null ? temporaryDirectory(name) : created(directory);
        this.log = new LogFile(this.directory.resolve(name + ".log"));
    }

    abstract List<String> command(Path executable);

    /// Asks the process with this id, once and without blocking for long, whether it serves.
    abstract Probe probe(long pid) throws IOException;

    /// One clause: how to install the server.
    abstract String installation();

    /// The address that clients connect to.
    public abstract String url();

    /// The name of its executable, for example `nats-server`.
    public final String name() {
        return name;
    }

    public final int port() {
        return port;
    }

    /// Holds the server's data and its log; stays the same over restarts.
    public final Path directory() {
        return directory;
    }

    /// All output of the server, over all its starts.
    public final Path log() {
        return log.path();
    }

    /// The id of the latest process, even after it has ended.
    public final long pid() {
        return process().pid();
    }

    public final boolean isAlive() {
        return process().isAlive();
    }

    /// Completes with the exit code when the current process ends; 128 + n after signal n. A restart creates a new
    /// process, so call this again after it.
    public final CompletableFuture<Integer> onExit() {
        return process().onExit();
    }

    /// Kills the process as a crash would (SIGKILL); data and port are kept for [#restart()].
    public final void kill() {
        process().kill();
    }

    /// Stops the process in good order (SIGTERM, then SIGKILL after 10 s); data and port are kept for [#restart()].
    public final void stop() {
        stop(process());
    }

    private void stop(ChildProcess running) {
        if (running.isAlive()) {
            askToStop(running);
        }
        running.stop(STOP_GRACE);
    }

    /// For a server that SIGTERM alone does not stop in good order.
    void askToStop(ChildProcess running) {}

    /// Starts it again on the same port and data, after [#stop()] if it is still running, and returns when it serves.
    ///
    /// @throws ServerStartException if it does not start; the call can be repeated
    public final synchronized void restart() {
        stop();
        launch();
    }

    /// Stops the server permanently and deletes its directory if that is a temporary one.
    @Override
    public final void close() {
        closed = true;
        stopLatest();
        synchronized (this) {
            // A start in progress has ended by now, or has just created one more process.
            stopLatest();
            if (temporary) {
                delete(directory);
            }
        }
    }

    private void stopLatest() {
        ChildProcess latest = process;
        if (latest != null) {
            stop(latest);
        }
    }

    private ChildProcess process() {
        ChildProcess latest = process;
        if (latest == null) {
            throw new IllegalStateException(name + " was never started");
        }
        return latest;
    }

    /// Starts the server that `make` constructs. If another process takes one of its freely chosen ports, another
    /// server with other ports is tried.
    static <S extends Server> S launched(boolean freePorts, Supplier<S> make) {
        for (int tries = 1; ; tries++) {
            S server = make.get();
            try {
                ((Server) server).launch();
                return server;
            } catch (ServerStartException e) {
                server.close();
                if (!freePorts || e.reason() != Reason.PORT_TAKEN || tries == FREE_PORT_TRIES) {
                    throw e;
                }
            }
        }
    }

    private synchronized void launch() {
        if (closed) {
            throw new IllegalStateException(name + " is closed");
        }
        Path executable = Executable.find(name).orElseThrow(this::notInstalled);
        for (int wanted : ports()) {
            Ports.obstacle(wanted)
                    .ifPresent(obstacle -> {
                        throw portTaken(wanted, obstacle);
                    });
        }
        log.begin();
        var builder =
                new ProcessBuilder(command(executable))
                        .directory(directory.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.path().toFile()));
        ChildProcess started = ChildProcess.start(builder);
        process = started;
        try {
            awaitReady(started);
        } catch (RuntimeException e) {
            started.kill();
            throw e;
        }
    }

    /// All ports on which it listens.
    List<Integer> ports() {
        return List.of(port);
    }

    private void awaitReady(ChildProcess started) {
        long deadline = System.nanoTime() + READY_WITHIN.toNanos();
        while (System.nanoTime() < deadline) {
            // Probe first, then check the process: while ours is about to die because the port is
            // taken, another server might answer on it. The probe compares identities.
            switch (look(started)) {
                case Probe.Ready _ -> {
                    return;
                }
                case Probe.Wrong(String remedy) ->
                        throw new ServerStartException(Reason.NOT_SERVING, remedy);
                case Probe.Starting _ -> {
                    if (ended(started)) {
                        throw died(started);
                    }
                }
            }
        }
        throw new ServerStartException(
                Reason.NOT_SERVING,
                "%s does not serve after %d s: %s"
                        .formatted(name, READY_WITHIN.toSeconds(), lastLines()));
    }

    private Probe look(ChildProcess started) {
        try {
            return probe(started.pid());
        } catch (IOException _) {
            return new Probe.Starting();
        }
    }

    private static boolean ended(ChildProcess started) {
        try {
            return started.awaitExit(PROBE_EVERY);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while a server started", e);
        }
    }

    private ServerStartException notInstalled() {
        return new ServerStartException(
                Reason.NOT_INSTALLED, name + " is not installed: " + installation());
    }

    private ServerStartException portTaken(int wanted, String obstacle) {
        return new ServerStartException(
                Reason.PORT_TAKEN, "port " + wanted + " for " + name + " " + obstacle);
    }

    private ServerStartException died(ChildProcess ended) {
        List<String> last = log.tail(LOG_LINES_SHOWN);
        for (int wanted : ports()) {
            // Another process took the port after our check.
            if (last.stream().anyMatch(line -> isTaken(line, wanted))) {
                return portTaken(wanted, Ports.taken(wanted));
            }
        }
        return new ServerStartException(
                Reason.DIED,
                "%s died at start (exit code %d): %s"
                        .formatted(name, ended.onExit().join(), lastLines()));
    }

    private String lastLines() {
        String lines = String.join(" | ", log.tail(LOG_LINES_SHOWN));
        return temporary ? lines : lines + " (log: " + log.path() + ")";
    }

    private static boolean isTaken(String line, int port) {
        return line.contains(":" + port)
                && line.toLowerCase(Locale.ROOT).contains("address already in use");
    }

    private static Path temporaryDirectory(String name) {
        try {
            return Files.createTempDirectory("antiphon-" + name + "-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path created(Path directory) {
        try {
            return Files.createDirectories(directory).toAbsolutePath();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path directory) {
        if (!Files.exists(directory)) {
            return;
        }
        try (var files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
