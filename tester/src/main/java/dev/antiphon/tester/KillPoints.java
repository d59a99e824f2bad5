package dev.antiphon.tester;

import org.jspecify.annotations.Nullable;

import java.util.HashSet;
import java.util.Set;

/// The moments of a run at which its worker can die, and those at which it does. Thread-safe.
final class KillPoints {

    static final String IN_MODEL_CALL = "in a model call, after its first piece";

    /// This and the fields below are guarded by this object.
    private final Set<String> named = new HashSet<>();

    private int chosen = -1;
    private int passed;
    private @Nullable String lastKill;

    /// The worker dies when it reaches this point for the first time.
    synchronized void add(String point) {
        named.add(point);
    }

    /// The worker dies at the point that it reaches after this many others.
    synchronized void choose(int index) {
        chosen = index;
    }

    /// Records that a worker has reached a point.
    ///
    /// @return whether the worker dies
    synchronized boolean reach(String point) {
        boolean kills = passed++ == chosen || named.remove(point);
        if (kills) {
            lastKill = point;
        }
        return kills;
    }

    /// The number of points that workers have reached.
    synchronized int passed() {
        return passed;
    }

    synchronized @Nullable String lastKill() {
        return lastKill;
    }

    static String beginOf(String step) {
        return "at the beginning of step '" + step + "'";
    }

    static String endOf(String step) {
        return "at the end of step '" + step + "', before its result was stored";
    }

    static String inTool(String tool) {
        return "in tool '" + tool + "', before its outcome was stored";
    }
}
