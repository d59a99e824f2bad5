package dev.antiphon.chaos.system;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.TimeUnit;

/// Sends signals for which Java has no names.
final class Signals {

    private static final int WITHIN_SECONDS = 10;

    private Signals() {}

    static void stop(long pid) {
        send("STOP", pid);
    }

    static void go(long pid) {
        send("CONT", pid);
    }

    static void terminate(long pid) {
        send("TERM", pid);
    }

    /// Ignores a process that has already ended.
    private static void send(String signal, long pid) {
        try {
            Process kill =
                    new ProcessBuilder("kill", "-" + signal, "" + pid)
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start();
            if (!kill.waitFor(WITHIN_SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException("kill -" + signal + " " + pid + " hangs");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }
}
