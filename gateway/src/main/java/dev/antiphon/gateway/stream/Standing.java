package dev.antiphon.gateway.stream;

/// Whether this pod has the servers that it needs; its watchers are told when that changes.
public enum Standing {
    WELL,

    /// Entries are not rung; the poll brings them, in bursts.
    NATS_AWAY,

    /// Nothing can be read or asked; streams stay open.
    REDIS_AWAY;

    /// By what is there now.
    public static Standing of(boolean redis, boolean nats) {
        if (!redis) {
            return REDIS_AWAY;
        }
        return nats ? WELL : NATS_AWAY;
    }
}
