package dev.antiphon.backplane.log;

import dev.antiphon.backplane.SessionPods;
import dev.antiphon.protocol.Entry;

import java.util.List;

/// The answer to an append to the session log.
public sealed interface Append {

    /// The entries are in the log.
    record Appended(List<Entry> entries, SessionPods pods) implements Append, Committed {

        /// For a session without an open stream.
        public Appended(List<Entry> entries) {
            this(entries, SessionPods.NONE);
        }

        public Appended {
            entries = List.copyOf(entries);
        }
    }

    /// Another attempt owns the run, or the run has ended: stop, drop everything, never ack.
    record Fenced() implements Append {}

    /// Chunk numbers disagree; `expected` is the log's next number. The caller is confused: it stops as if fenced.
    record OutOfSequence(int expected) implements Append {}
}
