package dev.antiphon.simulation;

import dev.antiphon.backplane.doorbell.Doorbell;

import java.time.Duration;
import java.util.SplittableRandom;

/// The optional parts of a world, drawn from their own random numbers, so that a new part does not change other worlds.
///
/// @param jetStream whether NATS stores requests
/// @param remote whether answers come from a service whose runs continue without us
/// @param evicts whether Redis is full from time to time, and evicts keys
/// @param asks whether that service asks its users
/// @param rows whether waiting runs are stored in PostgreSQL too
/// @param shared whether all sessions belong to one user, who also watches them over one stream
/// @param upgrade whether some pods have an older version, which takes no batches
/// @param ringTick how long processes collect rings; longer than a real tick, because a world has few runs
record Kinds(
        boolean jetStream,
        boolean shared,
        boolean remote,
        boolean asks,
        boolean rows,
        boolean evicts,
        boolean upgrade,
        Duration ringTick) {

    private static final long OWN = 0x5851f42d4c957f2dL;

    static Kinds of(long seed) {
        SplittableRandom dice = new SplittableRandom(seed * OWN);
        boolean jetStream = dice.nextInt(8) > 0;
        boolean shared = dice.nextInt(6) == 0;
        boolean remote = dice.nextInt(4) == 0;
        boolean asks = remote && dice.nextBoolean();
        boolean rows = asks && dice.nextInt(4) > 0;
        boolean evicts = !asks && dice.nextInt(5) == 0;
        boolean upgrade = dice.nextInt(4) == 0;
        return new Kinds(
                jetStream, shared, remote, asks, rows, evicts, upgrade, ringTick(upgrade, dice));
    }

    /// During an upgrade rings wait longest, so that the pods' connections change while a batch waits.
    private static Duration ringTick(boolean upgrade, SplittableRandom dice) {
        if (upgrade) {
            return Duration.ofMillis(dice.nextInt(200, 3_000));
        }
        return dice.nextInt(3) == 0 ? Doorbell.TICK : Duration.ofMillis(dice.nextInt(10, 400));
    }
}
