package dev.antiphon.simulation;

import java.util.EnumMap;
import java.util.Map;

/// How often small faults occur in one world, and how often they occurred.
class Faults {

    /// The faults of one call or one message. The {@link Nemesis} causes the faults of processes and servers.
    enum Kind {
        CALL_REFUSED,
        REQUEST_LOST,
        REPLY_LOST,
        RING_DROPPED,
        RING_DOUBLED,
        RING_LATE,
        BATCH_LOST,
        BATCH_DOUBLED,
        BATCH_LATE,
        NOTICE_DROPPED,
        ACK_LOST,
        PUBLISH_LOST,
        CONFIRM_LOST,
        SERVICE_REQUEST_LOST,
        SERVICE_REPLY_LOST,
        DATABASE_UNAVAILABLE
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
            boolean ring = kind.name().startsWith("RING") || kind.name().startsWith("BATCH");
            double most = ring ? 0.4 : 0.05;
            double probability = scheduler.chance(0.4) ? scheduler.random().nextDouble() * most : 0;
            probabilities.put(kind, probability);
        }
    }

    private static boolean isIn(Kinds kinds, Kind kind) {
        return switch (kind) {
            case SERVICE_REQUEST_LOST, SERVICE_REPLY_LOST -> kinds.remote();
            case DATABASE_UNAVAILABLE -> kinds.rows();
            case CALL_REFUSED,
                    REQUEST_LOST,
                    REPLY_LOST,
                    RING_DROPPED,
                    RING_DOUBLED,
                    RING_LATE,
                    BATCH_LOST,
                    BATCH_DOUBLED,
                    BATCH_LATE,
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

    /// Stops all faults from now on.
    void end() {
        active = false;
    }
}
