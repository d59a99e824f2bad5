package dev.antiphon.cli;

import dev.antiphon.servers.LogFile;

import org.jspecify.annotations.Nullable;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;

/// Keeps one process of an `up` running: starts it again whenever it dies, on the same port and with the same data,
/// with increasing pauses while that does not help.
final class Keeper implements Runnable {
    /// A process that dies this often without being stable has a problem to report.
    private static final int TELLING = 5;

    private static final int LOG_LINES = 5;

    private final Child child;
    private final PrintStream errors;
    private final CountDownLatch closing;
    private final BiConsumer<Child, String> serves;
    private final Restarts restarts = new Restarts();

    // The message of the last failed start without its numbers; null while the process serves.
    private @Nullable String said;

    /// @param child one that serves
    /// @param errors for information about its death
    /// @param closing counted down when everything is about to be stopped
    /// @param serves called each time it serves again, with its line
    Keeper(
            Child child,
            PrintStream errors,
            CountDownLatch closing,
            BiConsumer<Child, String> serves) {
        this.child = child;
        this.errors = errors;
        this.closing = closing;
        this.serves = serves;
    }

    @Override
    public void run() {
        try {
            while (true) {
                long since = System.nanoTime();
                int exitCode = child.onExit().join();
                if (isClosing()) {
                    return;
                }
                Duration lived = Duration.ofNanos(System.nanoTime() - since);
                Duration pause = restarts.after(lived);
                errors.printf(
                        Locale.ROOT,
                        "%s (pid %d) died with exit code %d; restarting in %.1f s%n",
                        child.name(),
                        child.pid(),
                        exitCode,
                        pause.toMillis() / 1000.0);
                tellLog();
                if (!startAgain(pause)) {
                    return;
                }
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /// Returns true when it serves, or false when everything is being stopped.
    private boolean startAgain(Duration firstPause) throws InterruptedException {
        Duration pause = firstPause;
        while (!closing.await(pause.toNanos(), TimeUnit.NANOSECONDS)) {
            String line;
            try {
                line = child.start();
            } catch (RuntimeException e) {
                if (isClosing()) {
                    return false;
                }
                pause = restarts.after(Duration.ZERO);
                tell(String.valueOf(e.getMessage()));
                tellLog();
                continue;
            }
            said = null;
            serves.accept(child, line);
            return true;
        }
        return false;
    }

    /// Once for each reason, however often it is tried: differences in times and process ids are ignored.
    private void tell(String failure) {
        String reason = failure.replaceAll("[0-9]+", "#");
        if (!reason.equals(said)) {
            errors.println(failure + "; retrying until it starts");
            said = reason;
        }
    }

    private void tellLog() {
        if (restarts.inARow() == TELLING) {
            errors.println(
                    child.name()
                            + " has died or not started "
                            + TELLING
                            + " times in a row; the end of "
                            + child.log()
                            + ":");
            LogFile.tail(child.log(), LOG_LINES).forEach(line -> errors.println("  " + line));
        }
    }

    private boolean isClosing() {
        return closing.getCount() == 0;
    }
}
