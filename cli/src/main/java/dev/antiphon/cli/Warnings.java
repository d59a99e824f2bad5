package dev.antiphon.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;

/// A child's standard error on its way to the terminal. It is held back while the child starts: if the start fails, its
/// last line is the only one that the user needs.
final class Warnings {
    // A child that writes more than this while it starts keeps its newest lines.
    private static final int HELD_LINES = 100;

    private final PrintStream terminal;
    private final Thread reader;

    // Guarded by this.
    private final Deque<String> held = new ArrayDeque<>();
    private boolean holding = true;

    Warnings(InputStream errors, PrintStream terminal) {
        this.terminal = terminal;
        this.reader = Thread.ofPlatform().daemon().name("warnings").start(() -> read(errors));
    }

    private void read(InputStream errors) {
        try (var lines =
                new BufferedReader(new InputStreamReader(errors, StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                take(line);
            }
        } catch (IOException _) {
            // The pipe of a killed child: a normal end.
        }
    }

    private synchronized void take(String line) {
        if (!holding) {
            terminal.println(line);
            return;
        }
        if (held.size() == HELD_LINES) {
            held.removeFirst();
        }
        held.addLast(line);
    }

    /// The last line of a child that has ended, which [#release()] does not show again; `ifNone` if there was no line.
    String lastWords(String ifNone) {
        try {
            reader.join();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        synchronized (this) {
            String last = held.isEmpty() ? ifNone : held.removeLast();
            held.clear();
            return last;
        }
    }

    /// Shows the held lines, and from now on every line as it comes.
    synchronized void release() {
        held.forEach(terminal::println);
        held.clear();
        holding = false;
    }
}
