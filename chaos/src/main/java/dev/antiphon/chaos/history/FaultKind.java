package dev.antiphon.chaos.history;

import java.util.Locale;

/// The faults and their targets. Link faults name the process that loses the connection, and the server it loses.
public enum FaultKind {
    WORKER_KILL,
    GATEWAY_KILL,
    NATS_KILL,
    REDIS_KILL,
    /// Killed, and its writes of the last second are gone: a machine without power keeps only synced data.
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

    /// The name in reports, for example `worker kill`.
    public String text() {
        return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    public boolean onWorker() {
        return name().startsWith("WORKER");
    }

    public boolean onGateway() {
        return name().startsWith("GATEWAY");
    }

    /// Whether Redis can come back without its last two seconds, which a `resync` must tell readers.
    public boolean mayLoseTail() {
        return this == REDIS_KILL || this == REDIS_POWER_LOSS;
    }
}
