package dev.antiphon.chaos.load;

import java.time.Duration;

/// How long nothing has been struck: what is not done a while after that is stuck. Any thread.
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

    /// Begins a wait that ends `time` after it began or after the last fault healed, whichever is later.
    Wait begin(Duration time) {
        return new Wait(System.nanoTime(), time);
    }

    private synchronized boolean lasted(Duration time) {
        return faults == 0 && System.nanoTime() - since > time.toNanos();
    }

    /// One wait for something that must come.
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
