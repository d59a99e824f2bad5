package dev.antiphon.chaos.check;

/// A violation of an invariant.
public record Violation(Kind kind, String session, String what) {

    public enum Kind {
        /// A tab did not get an entry, and got no resync in its place.
        LOST,
        /// A tab got an entry twice.
        DOUBLED,
        /// A tab got entries in another order than the log's.
        REORDERED,
        /// Data of another session or message.
        SWAPPED,
        /// Two readers got different data under one id.
        DISAGREEING,
        /// An id does not follow from the previous entry and the data.
        BROKEN_CHAIN,
        /// A tab was shown data that is not in the log, and was never told.
        SILENT_ROLLBACK,
        /// A resync although Redis lost nothing, or after losing more than it can lose.
        NEEDLESS_RESYNC,
        /// A resync that left out or changed text from before its cursor.
        BAD_RESYNC,
        /// A stream that begins in the middle of an answer.
        SHOWN_FROM_MIDDLE,
        /// The log's numbers have a gap.
        GAP_IN_LOG,
        /// The chunk ids of a message have a gap.
        GAP_IN_CHUNKS,
        /// A message ended twice.
        TWO_TERMINALS,
        /// A message continued after its end.
        AFTER_TERMINAL,
        /// A message is in the log twice.
        ANSWERED_TWICE,
        /// A message was accepted and is not in the log.
        LOST_MESSAGE,
        /// A message was accepted and did not end within the time limit.
        STUCK,
        /// Answers of one session in another order than its messages.
        OUT_OF_TURN,
        /// A text that is not the provider's.
        WRONG_TEXT,
        /// An unexpected end: `error`, or `cancelled` without a cancel.
        FAILED,
        /// The stored text differs from the streamed text.
        HISTORY_DIFFERS,
        /// Data that breaks the protocol; the session is not checked further.
        MALFORMED,
        /// The harness did not complete a session; nothing is known about it.
        NOT_CHECKED
    }

    @Override
    public String toString() {
        return kind + " in " + session + ": " + what;
    }
}
