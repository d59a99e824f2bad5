package dev.antiphon.servers;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// A process that ends no later than this JVM, even if the JVM is killed with `kill -9`. The terminal's Ctrl-C does not
/// reach it: its owner decides when it stops.
public final class ChildProcess {
    private final Process process;

    private ChildProcess(Process process) {
        this.process = process;
    }

    /// Starts the builder's command, with `/dev/null` as its input. The builder's redirects set the destination of the
    /// output; the caller must read output that is left piped.
    ///
    /// @throws UncheckedIOException if the program cannot be started
    public static ChildProcess start(ProcessBuilder builder) {
        return startConnected(builder.redirectInput(new File("/dev/null")));
    }

    /// As {@link #start}, with the builder's input setting: a pipe by default.
    public static ChildProcess startConnected(ProcessBuilder builder) {
        List<String> command = new ArrayList<>(Detached.prefix());
        command.addAll(builder.command());
        try {
            return watched(builder.command(command).start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static ChildProcess watched(Process process) {
        try {
            Watchdog.watch(process.pid());
        } catch (UncheckedIOException e) {
            process.destroyForcibly();
            throw e;
        }
        var _ = process.onExit().thenAccept(ended -> Watchdog.forget(ended.pid()));
        return new ChildProcess(process);
    }

    public long pid() {
        return process.pid();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /// Completes with the exit code once the process has ended; 128 + n after signal n.
    public CompletableFuture<Integer> onExit() {
        return process.onExit().thenApply(Process::exitValue);
    }

    /// Its standard input, if it was started connected.
    public OutputStream input() {
        return process.getOutputStream();
    }

    /// Its standard output, if the builder left it piped.
    public InputStream output() {
        return process.getInputStream();
    }

    /// Its standard error, if the builder left it piped.
    public InputStream errors() {
        return process.getErrorStream();
    }

    /// Waits for the end of the process; true if it has ended.
    public boolean awaitExit(Duration atMost) throws InterruptedException {
        return process.waitFor(atMost.toNanos(), TimeUnit.NANOSECONDS);
    }

    /// Asks the process to stop (SIGTERM) and waits; after `grace` it is killed. Returns when it has ended; does
    /// nothing if it had already ended. An interrupt cuts the grace short and stays set.
    public void stop(Duration grace) {
        process.destroy();
        try {
            if (awaitExit(grace)) {
                return;
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        kill();
    }

    /// Kills the process at once (SIGKILL) and returns when it has ended.
    public void kill() {
        process.destroyForcibly();
        process.onExit().join();
    }
}
