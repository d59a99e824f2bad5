package dev.antiphon.cli;

import java.time.Duration;

/// How long to wait before a process that died is started again. It goes on for ever: whoever runs `up` looks at it, and
/// what is wrong may be put right meanwhile. Belongs to one thread.
final class Restarts {
    static final Duration FIRST_DELAY = Duration.ofMillis(200);
    static final Duration LONGEST_DELAY = Duration.ofSeconds(5);

    /// One that lived this long had nothing wrong from its start.
    static final Duration STEADY_AFTER = Duration.ofSeconds(30);

    private Duration delay = FIRST_DELAY;
    private int inARow;

    /// Tells of an end, or of a start that failed.
    ///
    /// @param lived how long it served; zero when it did not come so far
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

    /// How many ends and failed starts there were since it was last steady.
    int inARow() {
        return inARow;
    }
}
