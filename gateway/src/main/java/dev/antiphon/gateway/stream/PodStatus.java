package dev.antiphon.gateway.stream;

import dev.antiphon.backplane.RedisState;

/// Whether this pod has the servers that it needs; its clients get the news when that changes.
public enum PodStatus {
    WELL,

    /// Entries are not rung; the poll brings them, in bursts.
    NATS_UNAVAILABLE,

    /// Nothing can be read; streams stay open.
    REDIS_UNAVAILABLE,

    /// New data is refused: answers pause, and no message or stream can be accepted.
    REDIS_FULL,

    /// As {@link #REDIS_FULL}, because the server has become a replica.
    REDIS_READ_ONLY;

    /// The state for the servers that are available now.
    public static PodStatus of(RedisState redis, boolean nats) {
        return switch (redis) {
            case UNAVAILABLE -> REDIS_UNAVAILABLE;
            case FULL -> REDIS_FULL;
            case READ_ONLY -> REDIS_READ_ONLY;
            case WELL -> nats ? WELL : NATS_UNAVAILABLE;
        };
    }
}
