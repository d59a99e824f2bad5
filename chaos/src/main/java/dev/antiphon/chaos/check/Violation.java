package dev.antiphon.chaos.check;

/// Something that must never happen, and happened.
public record Violation(Kind kind, String session, String what) {

    public enum Kind {
        /// An entry that a tab should have got and did not, with no resync in its place.
        LOST,
        /// A tab got an entry twice.
        DOUBLED,
        /// A tab got entries in another order than the log's.
        REORDERED,
        /// Something of another session or message.
        SWAPPED,
        /// Two readers were told different things under one id.
        DISAGREEING,
        /// An id does not follow from the entry before and the data.
        BROKEN_CHAIN,
        /// A tab was shown what is not in the log, and never told.
        SILENT_ROLLBACK,
        /// A resync though Redis lost nothing, or of more than it may lose.
        NEEDLESS_RESYNC,
        /// A resync that left out or changed what was said before its cursor.
        BAD_RESYNC,
        /// A stream that begins in the middle of an answer.
        SHOWN_FROM_MIDDLE,
        /// The log's numbers have a gap.
        GAP_IN_LOG,
        /// The chunk ids of a message have a gap.
        GAP_IN_CHUNKS,
        /// A message ended twice.
        TWO_TERMINALS,
        /// A message went on after its end.
        AFTER_TERMINAL,
        /// A message is in the log twice.
        ANSWERED_TWICE,
        /// Accepted, and not in the log.
        LOST_MESSAGE,
        /// Accepted, and without an end when the time was over.
        STUCK,
        /// Answers of one session in another order than its messages.
        OUT_OF_TURN,
        /// Another text than the provider's.
        WRONG_TEXT,
        /// An end that nobody asked for: `error`, or `cancelled` without a cancel.
        FAILED,
        /// What was said is not what is stored.
        HISTORY_DIFFERS,
        /// Something that is not what the protocol says; the session is not judged further.
        MALFORMED,
        /// The harness did not bring a session to its end; nothing is known of it.
        NOT_CHECKED
    }

    @Override
    public String toString() {
        return kind + " in " + session + ": " + what;
    }
}
