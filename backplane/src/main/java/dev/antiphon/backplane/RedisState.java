package dev.antiphon.backplane;

/// The present ability of Redis to serve this process.
public enum RedisState {
    WELL,

    /// It answers, but has no memory for new data.
    FULL,

    /// It answers, but refuses writes: it has become a replica.
    READ_ONLY,

    /// There is no connection, or Redis does no work on it.
    UNAVAILABLE;

    /// The word for it in reports of health.
    public String wire() {
        return switch (this) {
            case WELL -> "well";
            case FULL -> "full";
            case READ_ONLY -> "read_only";
            case UNAVAILABLE -> "away";
        };
    }
}
