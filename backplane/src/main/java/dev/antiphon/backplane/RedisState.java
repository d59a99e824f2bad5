package dev.antiphon.backplane;

/// What Redis can do for this process now.
public enum RedisState {
    WELL,

    /// It answers, but has no memory for anything new.
    FULL,

    /// It answers, but takes no writes: it has become a replica.
    READ_ONLY,

    /// There is no connection, or no work is done on it.
    AWAY
}
