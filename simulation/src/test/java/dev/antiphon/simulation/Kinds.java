package dev.antiphon.simulation;

import java.util.SplittableRandom;

/// The optional parts of a world, drawn from their own random numbers, so that a new part does not change other worlds.
///
/// @param jetStream whether NATS stores requests
/// @param remote whether answers come from a service whose runs continue without us
/// @param evicts whether Redis is full from time to time, and evicts keys
/// @param asks whether that service asks its users
/// @param rows whether waiting runs are stored in PostgreSQL too
/// @param shared whether all sessions belong to one user, who also watches them over one stream
record Kinds(
        boolean jetStream,
        boolean shared,
        boolean remote,
        boolean asks,
        boolean rows,
        boolean evicts) {

    private static final long OWN = 0x5851f42d4c957f2dL;

    static Kinds of(long seed) {
        SplittableRandom dice = new SplittableRandom(seed * OWN);
        boolean jetStream = dice.nextInt(8) > 0;
        boolean shared = dice.nextInt(6) == 0;
        boolean remote = dice.nextInt(4) == 0;
        boolean asks = remote && dice.nextBoolean();
        return new Kinds(
                jetStream,
                shared,
                remote,
                asks,
                asks && dice.nextInt(4) > 0,
                !asks && dice.nextInt(5) == 0);
    }
}
