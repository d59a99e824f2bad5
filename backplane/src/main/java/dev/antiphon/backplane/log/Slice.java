package dev.antiphon.backplane.log;

import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;

import java.util.List;

/// What reading a log after a cursor answered.
public sealed interface Slice {

    /// The entries directly after the cursor, without gaps. Empty exactly when the cursor is the tail.
    record Entries(List<Entry> entries, EntryId tail) implements Slice {
        public Entries {
            entries = List.copyOf(entries);
        }
    }

    /// The log does not hold the cursor's place any more: the reader must begin again from history.
    ///
    /// @param reason `trimmed`, `rolled_back` or `other_generation`
    record Lost(String reason, EntryId tail) implements Slice {}

    /// The session has no log: it never had one, expired or was deleted.
    record None() implements Slice {}
}
