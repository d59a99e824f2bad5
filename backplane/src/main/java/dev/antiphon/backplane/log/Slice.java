package dev.antiphon.backplane.log;

import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;

import java.util.List;

/// The answer to reading a log after a cursor.
public sealed interface Slice {

    /// The entries directly after the cursor, without gaps. Empty exactly when the cursor is the tail.
    record Entries(List<Entry> entries, EntryId tail) implements Slice {
        public Entries {
            entries = List.copyOf(entries);
        }
    }

    /// The log no longer holds the cursor's place: the reader must begin again from the history.
    ///
    /// @param reason `trimmed`, `rolled_back` or `other_generation`
    record Lost(String reason, EntryId tail) implements Slice {}

    /// The session has no log: there never was one, or it expired or was deleted.
    record None() implements Slice {}
}
