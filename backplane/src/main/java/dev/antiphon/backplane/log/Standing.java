package dev.antiphon.backplane.log;

/// Whether a message still needs a worker.
public enum Standing {
    /// It has ended, or waits for its user, and Redis knows it.
    AT_REST,

    /// Its session is at work: a live worker has it and goes on to this message by itself, or an earlier message waits for
    /// its user.
    AT_WORK,

    /// No live worker is at its session, or Redis does not know the message: a delivery of it should be worked on.
    FREE;

    public boolean isAtRest() {
        return this == AT_REST;
    }

    public boolean isFree() {
        return this == FREE;
    }
}
