package dev.antiphon.cli;

import dev.antiphon.servers.ChildProcess;

import org.jspecify.annotations.Nullable;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// A gateway or a worker that `up` runs: this program in its own JVM. It logs into its folder; its standard error,
/// which has only warnings, goes to the terminal; its standard output has one line, `gateway pid=… http://…` or `worker
/// pid=… http://…`, when it serves.
final class JavaChild implements Child {
    private static final Duration READY_WITHIN = Duration.ofSeconds(30);

    // Longer than a worker needs with its usual grace period of 25 s.
    private static final Duration STOP_GRACE = Duration.ofSeconds(35);

    private final String name;
    private final String command;
    private final DataDirectory data;
    private final Map<String, String> environment;
    private final PrintStream terminal;

    // Guarded by this.
    private @Nullable ChildProcess process;
    private boolean stopped;

    /// @param command `gateway` or `worker`
    /// @param environment added to this process' own; an empty value unsets a variable
    JavaChild(
            String name,
            String command,
            DataDirectory data,
            Map<String, String> environment,
            PrintStream terminal) {
        this.name = name;
        this.command = command;
        this.data = data;
        this.environment = Map.copyOf(environment);
        this.terminal = terminal;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String start() {
        ChildProcess started = launch();
        var warnings = new Warnings(started.errors(), terminal);
        CompletableFuture<String> line = firstLine(started.output());
        try {
            return line.get(READY_WITHIN.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException _) {
            // It can be started again, and must not serve next to its successor.
            started.kill();
            throw new StartException(
                    name
                            + " does not serve after "
                            + READY_WITHIN.toSeconds()
                            + " s: see "
                            + log());
        } catch (ExecutionException _) {
            // Its output ended before the line, so the process ends, and its last output says why.
            started.kill();
            throw new StartException(
                    name + " did not start: " + warnings.lastWords("see " + log()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } finally {
            warnings.release();
        }
    }

    private synchronized ChildProcess launch() {
        if (stopped) {
            throw new StartException(name + " was stopped");
        }
        var builder =
                new ProcessBuilder(
                        Program.command(
                                List.of("-D" + Logging.FILE_PROPERTY + "=" + log()),
                                command,
                                // Prevents it from completing its environment from another `up`.
                                "--data",
                                data.path().toString()));
        builder.environment().putAll(environment);
        ChildProcess started = ChildProcess.start(builder);
        process = started;
        return started;
    }

    @Override
    public Path log() {
        return data.folder(name).resolve(name + ".log");
    }

    /// Completes with the first line; exceptionally if the output ends without one.
    private CompletableFuture<String> firstLine(InputStream output) {
        var first = new CompletableFuture<String>();
        Thread.ofPlatform()
                .daemon()
                .name(name + "-output")
                .start(() -> {
                    try (var reader =
                            new BufferedReader(
                                    new InputStreamReader(output, StandardCharsets.UTF_8))) {
                        // Reads to the end, because the child would block when the pipe is full.
                        for (String line = reader.readLine();
                                line != null;
                                line = reader.readLine()) {
                            first.complete(line);
                        }
                    } catch (IOException _) {
                        // The pipe of a killed child: a normal end.
                    }
                    first.completeExceptionally(new IOException("no line"));
                });
        return first;
    }

    @Override
    public long pid() {
        return process().pid();
    }

    @Override
    public CompletableFuture<Integer> onExit() {
        return process().onExit();
    }

    private synchronized ChildProcess process() {
        if (process == null) {
            throw new IllegalStateException(name + " was never started");
        }
        return process;
    }

    @Override
    public void stop() {
        ChildProcess latest;
        synchronized (this) {
            stopped = true;
            latest = process;
        }
        if (latest != null) {
            latest.stop(STOP_GRACE);
        }
    }
}
