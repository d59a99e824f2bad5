package dev.antiphon.backplane.history;

import dev.antiphon.protocol.UserId;

import java.time.Instant;
import java.util.List;

/// A piece of a session's log that can go into its history.
///
/// @param generation the log's
/// @param upTo the entry up to which the history then has the log; no answer is unfinished there
/// @param hash that entry's hash, because Redis can lose its last entries before this is stored; empty when the entry
///     is gone
/// @param incarnation of the session; empty when it has none
/// @param created when the session's first message was accepted
/// @param turns oldest first
/// @param more whether other answers have ended behind it
/// @param incomplete whether the log has lost entries that belong in the history
public record Unsettled(
        long generation,
        long upTo,
        String hash,
        UserId owner,
        String incarnation,
        Instant created,
        List<Turn> turns,
        boolean more,
        boolean incomplete) {

    public Unsettled {
        turns = List.copyOf(turns);
    }

    /// The same place in the log, when the turns are stored elsewhere.
    Unsettled without() {
        return new Unsettled(
                generation, upTo, hash, owner, incarnation, created, List.of(), more, incomplete);
    }
}
