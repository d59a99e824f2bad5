package dev.antiphon.chaos.load;

import java.time.Duration;

/// How long there has been no fault: work that is not done a while after the last one is stuck. Thread-safe.
public final class Calm {

    private long since = System.nanoTime();
    private int faults;

    public synchronized void struck() {
        faults++;
    }

    public synchronized void healed() {
        faults--;
        since = System.nanoTime();
    }

    /// Starts a wait that ends `time` after its start or after the last recovery, whichever is later.
    Wait begin(Duration time) {
        return new Wait(System.nanoTime(), time);
    }

    private synchronized boolean lasted(Duration time) {
        return faults == 0 && System.nanoTime() - since > time.toNanos();
    }

    /// One wait for an expected event.
    final class Wait {
        private final long begin;
        private final Duration time;

        private Wait(long begin, Duration time) {
            this.begin = begin;
            this.time = time;
        }

        boolean isOver() {
            return System.nanoTime() - begin > time.toNanos() && lasted(time);
        }
    }
}
