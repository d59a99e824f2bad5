package dev.antiphon.backplane.history;

import dev.antiphon.protocol.UserId;

import java.time.Instant;
import java.util.List;

/// What has ended in a session's log and is not in its history yet.
///
/// @param generation the log's
/// @param upTo the entry up to which the log is looked through
/// @param hash that entry's, for Redis may lose its tail before this is stored; empty when it is passed over
/// @param created when the session's first message was accepted
/// @param turns oldest first
record Unsettled(
        long generation, long upTo, String hash, UserId owner, Instant created, List<Turn> turns) {

    Unsettled {
        turns = List.copyOf(turns);
    }

    /// The same place in the log, when the turns are stored elsewhere.
    Unsettled without() {
        return new Unsettled(generation, upTo, hash, owner, created, List.of());
    }
}
