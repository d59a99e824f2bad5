package dev.antiphon.backplane;

import java.time.Duration;

/// The limits and times of the scripts: what an operation on Redis decides by, apart from the settings of an operator.
/// The simulation's model of Redis decides by the same values.
public final class Policy {

    private Policy() {}

    /// Messages that can wait in one session. A person never sends more, and a program gets a clear 429.
    public static final int MOST_WAITING = 20;

    /// Refused messages that a session's log shows between two of its own answers. Strangers can send them.
    public static final int MOST_REFUSED = 100;

    /// Attempts of one run: a request that has killed this many workers will kill the next.
    public static final int MOST_ATTEMPTS = 5;

    /// How long the messages of a deleted session are remembered. A request can arrive late: its gateway was paused or cut
    /// off, and its client has sent another copy meanwhile.
    public static final Duration REMEMBER_ERASED = Duration.ofMinutes(1);

    /// A worker that does not renew its lease for this long counts as dead.
    public static final Duration LEASE = Duration.ofSeconds(3);

    /// When the sweeper checks a message that has its turn and no worker; doubled with each check, up to
    /// {@link #LOOK_LATER}.
    public static final Duration LOOK_SOON = Duration.ofSeconds(5);

    /// When the sweeper checks a message that a worker has, or that waits behind another one.
    public static final Duration LOOK_LATER = Duration.ofMinutes(5);

    /// Messages that one script of the sweeper checks: each costs a few microseconds, in which Redis does nothing else.
    public static final int MOST_SWEPT_AT_ONCE = 100;

    /// How soon a worker must claim an orphan after the first copy of its request; doubled for each further copy. The
    /// queue can give a copy to a worker that is stopped or cut off from Redis, where the copy would stay until the
    /// queue's ack wait is over.
    public static final Duration COPY_AGAIN_AFTER = Duration.ofSeconds(2);

    /// The maximum size of one answer to a reader of a log.
    public static final int MOST_READ_BYTES = 256 * 1024;

    /// The maximum size of a run's record of its finished steps.
    public static final int MOST_CHECKPOINT_BYTES = 1 << 20;

    /// When an ended answer is looked for in the history. Usually the history stores it at once. This is for a caller
    /// that dies, and for an unavailable history.
    public static final Duration SETTLE_AFTER = Duration.ofSeconds(10);

    /// How long after a failure to settle a session the next attempt follows.
    public static final Duration SETTLE_AGAIN = Duration.ofSeconds(30);

    /// Turns of a path: more than any model reads, and an end for circular paths, which plain publishers can create.
    public static final int MOST_TURNS_BEFORE = 1_000;

    /// Clean-ups that wait. A further one is left out and counted: the service must have been unavailable for hours.
    public static final int MOST_CLEANUPS = 10_000;

    /// How often a clean-up is tried. With the delays, a service can be unavailable for about an hour.
    public static final int MOST_CLEANUP_TRIES = 10;

    /// Longer than one try of a clean-up, which makes a few small calls to a service; doubled with each try, up to
    /// {@link #CLEAN_AGAIN_AT_MOST}.
    public static final Duration CLEAN_AGAIN = Duration.ofSeconds(30);

    public static final Duration CLEAN_AGAIN_AT_MOST = Duration.ofMinutes(10);

    /// A live worker ends its own calls; a clean-up that is due later only checks that it has.
    public static final Duration WORKER_ENDS_WITHIN = Duration.ofSeconds(15);

    /// Handles that a run remembers. The oldest is removed first: its call is the most likely to have ended.
    public static final int MOST_HANDLES = 64;

    /// The values that scripts use without an argument, as the first line of each script.
    static String lua() {
        return "local LOOK_SOON_MS, LOOK_LATER_MS, SETTLE_AFTER_MS, WORKER_ENDS_WITHIN_MS, MOST_CLEANUPS, MOST_HANDLES"
                + " = %d, %d, %d, %d, %d, %d\n"
                        .formatted(
                                LOOK_SOON.toMillis(),
                                LOOK_LATER.toMillis(),
                                SETTLE_AFTER.toMillis(),
                                WORKER_ENDS_WITHIN.toMillis(),
                                MOST_CLEANUPS,
                                MOST_HANDLES);
    }
}
