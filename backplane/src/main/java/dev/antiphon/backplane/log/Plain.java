package dev.antiphon.backplane.log;

import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;

import java.util.List;

/// What offering a plain worker's chunks to the log answered.
public sealed interface Plain {

    /// The log has all chunks before `next`.
    ///
    /// @param entries what was added just now; empty when everything was there, or nothing is next
    /// @param tail where the log ends
    /// @param doubled chunks that the log had
    /// @param gaps how often chunks were given up as lost
    /// @param ended whether the message ended just now
    record Taken(List<Entry> entries, EntryId tail, int next, int doubled, int gaps, boolean ended)
            implements Plain {
        public Taken {
            entries = List.copyOf(entries);
        }
    }

    /// One of our workers runs the message: nobody else may answer it.
    record Ours() implements Plain {}

    /// The message has its end.
    record Ended() implements Plain {}

    /// The session has no log: nobody of ours was ever connected to it, or it has expired.
    record None() implements Plain {}
}
