package dev.antiphon.backplane.log;

import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.PodId;

import java.util.List;
import java.util.Set;

/// The answer to an append to the session log.
public sealed interface Append {

    /// The entries are in the log.
    record Appended(List<Entry> entries, Set<PodId> pods) implements Append, Committed {
        public Appended {
            entries = List.copyOf(entries);
            pods = Set.copyOf(pods);
        }
    }

    /// Another attempt owns the run, or the run has ended: stop, drop everything, never ack.
    record Fenced() implements Append {}

    /// Chunk numbers disagree; `expected` is the log's next number. The caller is confused: it stops as if fenced.
    record OutOfSequence(int expected) implements Append {}
}
