package dev.antiphon.simulation;

import java.util.SplittableRandom;

/// What is not in every world, drawn from dice of their own, so that one kind more does not change the other worlds.
///
/// @param jetStream whether NATS stores requests
/// @param remote whether answers come from a service whose runs go on without us
/// @param evicts whether Redis is full now and then, and evicts keys
/// @param asks whether that service asks its users
/// @param rows whether runs that wait are in PostgreSQL too
/// @param shared whether all sessions are one user's, who watches them over one stream too
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
