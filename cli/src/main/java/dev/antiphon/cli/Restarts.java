package dev.antiphon.cli;

import java.time.Duration;

/// How long to wait before a process that died is started again. Never gives up, because the user of `up` can see it
/// and can correct the problem meanwhile. Belongs to one thread.
final class Restarts {
    static final Duration FIRST_DELAY = Duration.ofMillis(200);
    static final Duration LONGEST_DELAY = Duration.ofSeconds(5);

    /// A process that lived this long had no problem at its start.
    static final Duration STEADY_AFTER = Duration.ofSeconds(30);

    private Duration delay = FIRST_DELAY;
    private int inARow;

    /// Records an end, or a failed start.
    ///
    /// @param lived how long it served; zero when it did not serve
    /// @return how long to wait before the next start
    Duration after(Duration lived) {
        if (lived.compareTo(STEADY_AFTER) >= 0) {
            delay = FIRST_DELAY;
            inARow = 0;
        }
        inARow++;
        Duration wait = delay;
        Duration doubled = delay.multipliedBy(2);
        delay = doubled.compareTo(LONGEST_DELAY) > 0 ? LONGEST_DELAY : doubled;
        return wait;
    }

    /// The number of ends and failed starts since it was last stable.
    int inARow() {
        return inARow;
    }
}
