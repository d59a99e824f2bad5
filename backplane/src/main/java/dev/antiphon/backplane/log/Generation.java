package dev.antiphon.backplane.log;

import java.util.concurrent.ThreadLocalRandom;

/// Draws the generation of a new log: 1 to 2^31-1, as {@link dev.antiphon.protocol.EntryId} requires.
public final class Generation {

    private Generation() {}

    public static long draw() {
        return ThreadLocalRandom.current().nextLong(1, 1L << 31);
    }
}
