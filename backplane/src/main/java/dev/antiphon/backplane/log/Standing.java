package dev.antiphon.backplane.log;

/// Whether a message still needs a worker.
public sealed interface Standing {

    /// The message has ended, or waits for its user, and Redis knows it.
    ///
    /// @param end which end of the message this is. A Redis that loses its tail forgets an end, and the message is answered
    ///     and ends again: no two ends are the same, even of the same chunks. Empty for a message that ended before Redis
    ///     wrote this down
    record AtRest(String end) implements Standing {

        public boolean isSameEnd(AtRest other) {
            return end.equals(other.end);
        }
    }

    /// Its session is at work: a live worker has it and goes on to this message by itself, or an earlier message waits for
    /// its user.
    record AtWork() implements Standing {}

    /// No live worker is at its session, or Redis does not know the message: a delivery of it should be worked on.
    record Free() implements Standing {}

    default boolean isFree() {
        return this instanceof Free;
    }
}
