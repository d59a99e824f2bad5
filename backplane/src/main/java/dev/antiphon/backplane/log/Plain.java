package dev.antiphon.backplane.log;

import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;

import java.util.List;

/// The answer to offering a plain worker's chunks to the log.
public sealed interface Plain {

    /// The log has all chunks before `next`.
    ///
    /// @param entries the entries that were added just now; empty when all chunks were there already, or none of them
    ///     is next
    /// @param tail the end of the log
    /// @param doubled chunks that the log already had
    /// @param gaps how often chunks were given up as lost
    /// @param ended whether the message ended just now
    record Taken(List<Entry> entries, EntryId tail, int next, int doubled, int gaps, boolean ended)
            implements Plain {
        public Taken {
            entries = List.copyOf(entries);
        }
    }

    /// One of our workers runs the message: only this worker may answer it.
    record Ours() implements Plain {}

    /// The message has already ended.
    record Ended() implements Plain {}

    /// The session has no log: none of our clients was ever connected to it, or it has expired.
    record None() implements Plain {}
}
