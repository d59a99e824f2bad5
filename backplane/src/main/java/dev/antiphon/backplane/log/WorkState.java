package dev.antiphon.backplane.log;

/// Whether a message still needs a worker.
public sealed interface WorkState {

    /// The message has ended, or waits for its user, and Redis knows it.
    ///
    /// @param end identifies this end of the message. A Redis that loses its last writes forgets an end; the message is
    ///     then answered and ends again. Two ends never have the same id, even with the same chunks. Empty for a
    ///     message that ended before Redis stored such ids
    record AtRest(String end) implements WorkState {

        public boolean isSameEnd(AtRest other) {
            return end.equals(other.end);
        }
    }

    /// Its session is being worked on: a live worker has it and continues with this message by itself, or an earlier
    /// message waits for its user.
    record AtWork() implements WorkState {}

    /// No live worker has its session, or Redis does not know the message: a delivery of it should be worked on.
    record Free() implements WorkState {}

    default boolean isFree() {
        return this instanceof Free;
    }
}
