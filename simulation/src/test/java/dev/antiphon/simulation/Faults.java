package dev.antiphon.simulation;

import java.util.EnumMap;
import java.util.Map;

/// How often small things go wrong in one world, and how often they did.
final class Faults {

    /// What happens to one call or one message. Faults of processes and servers are the {@link Nemesis}'.
    enum Kind {
        CALL_REFUSED,
        REQUEST_LOST,
        REPLY_LOST,
        RING_DROPPED,
        RING_DOUBLED,
        RING_LATE,
        NOTICE_DROPPED,
        ACK_LOST,
        PUBLISH_LOST,
        CONFIRM_LOST,
        SERVICE_REQUEST_LOST,
        SERVICE_REPLY_LOST,
        DATABASE_AWAY
    }

    private final Scheduler scheduler;
    private final Map<Kind, Double> probabilities = new EnumMap<>(Kind.class);
    private boolean active = true;

    /// Most worlds have few kinds of faults, so that one kind is not hidden behind another.
    ///
    Faults(Scheduler scheduler, Kinds kinds) {
        this.scheduler = scheduler;
        for (Kind kind : Kind.values()) {
            if (!isIn(kinds, kind)) {
                continue;
            }
            double most = kind.name().startsWith("RING") ? 0.4 : 0.05;
            double probability = scheduler.chance(0.4) ? scheduler.random().nextDouble() * most : 0;
            probabilities.put(kind, probability);
        }
    }

    private static boolean isIn(Kinds kinds, Kind kind) {
        return switch (kind) {
            case SERVICE_REQUEST_LOST, SERVICE_REPLY_LOST -> kinds.remote();
            case DATABASE_AWAY -> kinds.rows();
            case CALL_REFUSED,
                    REQUEST_LOST,
                    REPLY_LOST,
                    RING_DROPPED,
                    RING_DOUBLED,
                    RING_LATE,
                    NOTICE_DROPPED,
                    ACK_LOST,
                    PUBLISH_LOST,
                    CONFIRM_LOST ->
                    true;
        };
    }

    boolean happens(Kind kind) {
        return active && scheduler.chance(probabilities.getOrDefault(kind, 0.0));
    }

    /// From now on nothing goes wrong any more.
    void end() {
        active = false;
    }
}
