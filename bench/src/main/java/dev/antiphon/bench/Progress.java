package dev.antiphon.bench;

import java.io.PrintStream;
import java.time.Duration;

/// Says how far a run is: a bar that is drawn again on a terminal, otherwise a line for each step.
public final class Progress {

    private static final int CELLS = 24;
    private static final String CLEAR = "\r\u001b[K";

    private final PrintStream out;
    private final boolean terminal;
    private final long begun = System.nanoTime();
    private int steps = 1;
    private int done;

    /// @param terminal whether `out` is one
    public Progress(PrintStream out, boolean terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    void steps(int all) {
        steps = Math.max(1, all);
    }

    /// Some of the steps will not be done.
    void without(int skipped) {
        steps -= skipped;
    }

    /// A step begins.
    void step(String what) {
        String state = "%d/%d %s%s".formatted(done + 1, steps, what, left());
        if (terminal) {
            int full = CELLS * done / steps;
            out.print(CLEAR + "[" + "#".repeat(full) + ".".repeat(CELLS - full) + "] " + state);
            out.flush();
        } else {
            out.println(state);
        }
        done++;
    }

    private String left() {
        if (done == 0) {
            return "";
        }
        long each = (System.nanoTime() - begun) / done;
        long minutes = Duration.ofNanos(each * (steps - done)).toMinutes();
        return ", about " + minutes + " min left";
    }

    /// Something to be known at once, on a line of its own.
    void say(String line) {
        out.println(terminal ? CLEAR + line : line);
    }

    void end() {
        if (terminal) {
            out.print(CLEAR);
            out.flush();
        }
    }
}
