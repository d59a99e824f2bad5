package dev.antiphon.bench.client;

/// A reader got something other than its answer.
///
/// @param detail one line, for a person
public record Fault(Kind kind, String detail) {

    /// What can go wrong.
    public enum Kind {
        /// No connection to the server.
        CONNECT,
        /// Another status than success.
        REFUSED,
        /// A stream ended early.
        CLOSED,
        /// A chunk came out of turn: one is missing, double or too early.
        ORDER,
        /// Another text.
        TEXT,
        /// The answer ended too early, or in too few or too many chunks.
        COUNT,
        /// A chunk of an answer that is not expected.
        STRAY,
        /// An event that reports an error.
        EVENT,
        /// No end within the patience of the load.
        TIMEOUT
    }

    @Override
    public String toString() {
        return kind + ": " + detail;
    }
}
