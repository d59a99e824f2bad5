package dev.antiphon.chaos.history;

import java.util.Locale;

/// What is done to which process. Links are named after who loses whom.
public enum FaultKind {
    WORKER_KILL,
    GATEWAY_KILL,
    NATS_KILL,
    REDIS_KILL,
    /// Killed, and what it wrote in the last second is gone: a machine without power keeps what was synced.
    REDIS_POWER_LOSS,
    WORKER_PAUSE,
    GATEWAY_PAUSE,
    NATS_PAUSE,
    REDIS_PAUSE,
    WORKER_STOP,
    GATEWAY_STOP,
    WORKER_NATS_CUT,
    WORKER_REDIS_CUT,
    GATEWAY_NATS_CUT,
    GATEWAY_REDIS_CUT,
    WORKER_NATS_FREEZE,
    WORKER_REDIS_FREEZE,
    GATEWAY_NATS_FREEZE,
    GATEWAY_REDIS_FREEZE;

    /// As reports name it, for example `worker kill`.
    public String text() {
        return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    public boolean onWorker() {
        return name().startsWith("WORKER");
    }

    public boolean onGateway() {
        return name().startsWith("GATEWAY");
    }

    /// Whether Redis may come back without its last two seconds, which readers must be told by a `resync`.
    public boolean mayLoseTail() {
        return this == REDIS_KILL || this == REDIS_POWER_LOSS;
    }
}
