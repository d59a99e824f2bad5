package dev.antiphon.backplane.log;

import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.PodId;

import java.util.List;
import java.util.Set;

/// What an append to the session log answered.
public sealed interface Append {

    /// The entries are in the log; now they may be rung.
    record Appended(List<Entry> entries, Set<PodId> pods) implements Append {
        public Appended {
            entries = List.copyOf(entries);
            pods = Set.copyOf(pods);
        }
    }

    /// Another attempt owns the run, or it has ended: stop, drop everything, never ack.
    record Fenced() implements Append {}

    /// Chunk numbers disagree; `expected` is what the log wants next. The caller is confused: it stops as if fenced.
    record OutOfSequence(int expected) implements Append {}
}
