package dev.antiphon.backplane.log;

import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.SessionId;

import java.util.Optional;
import java.util.concurrent.CompletionStage;

/// The logs of all sessions, read-only: the part that a stream to a browser needs. Promises as {@link SessionLog}.
///
/// An interface because the simulation drives the gateway over a model of it.
public interface LogReader {

    /// Reads the entries after a cursor, oldest first.
    ///
    /// @param most at least 1; fewer are returned when they exceed 256 KiB together
    CompletionStage<Slice> read(SessionId session, EntryId after, int most);

    /// The end of the session's log; empty when the session has none.
    CompletionStage<Optional<EntryId>> tail(SessionId session);
}
