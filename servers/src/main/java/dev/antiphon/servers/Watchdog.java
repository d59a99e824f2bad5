package dev.antiphon.servers;

import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Ends a JVM's children when the JVM itself has ended, in any way: shutdown hooks do not run on `kill -9`, and POSIX
/// leaves the children running.
///
/// One `sh` per JVM reads, from a pipe that only this JVM holds, which process ids to watch and which to forget. The
/// kernel closes the pipe when the JVM ends. At end of file the shell sends TERM to the remaining processes, and KILL
/// to those that still run five seconds later. A child that leads a process group (see [Detached]) ends together with
/// its group: the processes that `npx` has started, for example.
final class Watchdog {
    // Portable sh (dash, busybox, bash 3.2). It ignores the terminal's signals: a Ctrl-C ends the
    // JVM in its own good order, and this shell must outlive the JVM.
    private static final String SCRIPT =
            """
            trap '' HUP INT QUIT TERM
            to() { kill -s "$1" -- "-$2" || kill -s "$1" "$2"; }
            pids=
            while read -r verb pid; do
              case $verb in
                watch) pids="$pids $pid" ;;
                forget)
                  kept=
                  for p in $pids; do [ "$p" = "$pid" ] || kept="$kept $p"; done
                  pids=$kept ;;
              esac
            done
            for p in $pids; do to TERM "$p"; done 2>/dev/null
            tries=50
            while [ "$tries" -gt 0 ]; do
              alive=
              for p in $pids; do to 0 "$p" && alive="$alive $p"; done 2>/dev/null
              pids=$alive
              [ -n "$pids" ] || exit 0
              sleep 0.1
              tries=$((tries - 1))
            done
            for p in $pids; do to KILL "$p"; done 2>/dev/null
            """;

    // Guarded by the class: one watchdog per JVM, started with the first child, and the processes
    // that it watches.
    private static @Nullable Writer pipe;
    private static final Set<Long> watched = new HashSet<>();

    private Watchdog() {}

    /// From now on the process ends when this JVM does. A watchdog that was killed is replaced. Throws when a watchdog
    /// cannot be started.
    static synchronized void watch(long pid) {
        watched.add(pid);
        try {
            if (pipe != null && told(pipe, pid)) {
                return;
            }
            pipe = start();
            for (long each : watched) {
                tell(pipe, "watch", each);
            }
        } catch (IOException e) {
            watched.remove(pid);
            throw new UncheckedIOException("cannot watch process " + pid, e);
        }
    }

    private static boolean told(Writer pipe, long pid) {
        try {
            tell(pipe, "watch", pid);
            return true;
        } catch (IOException _) {
            // The watchdog was killed: nothing reads the pipe.
            return false;
        }
    }

    /// The process has ended; another process might soon have its id.
    static synchronized void forget(long pid) {
        watched.remove(pid);
        if (pipe == null) {
            return;
        }
        try {
            tell(pipe, "forget", pid);
        } catch (IOException e) {
            pipe = null;
            // No logger before it is needed: `up` starts without loading a logging system.
            LoggerFactory.getLogger(Watchdog.class)
                    .atWarn()
                    .addKeyValue("pid", pid)
                    .setCause(e)
                    .log(
                            "the watchdog was killed; until the next start, children survive a kill -9 of this process");
        }
    }

    private static void tell(Writer pipe, String verb, long pid) throws IOException {
        pipe.write(verb + " " + pid + "\n");
        pipe.flush();
    }

    private static Writer start() throws IOException {
        List<String> command = new ArrayList<>(Detached.prefix());
        command.addAll(List.of("sh", "-c", SCRIPT, "antiphon-watchdog"));
        Process shell =
                new ProcessBuilder(command)
                        .directory(new File("/"))
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start();
        return shell.outputWriter(StandardCharsets.US_ASCII);
    }
}
