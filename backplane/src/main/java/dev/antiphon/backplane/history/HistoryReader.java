package dev.antiphon.backplane.history;

import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import java.util.Optional;
import java.util.concurrent.CompletionStage;

/// The conversations, read-only: the part that a stream to a browser needs. Promises as {@link History}.
public interface HistoryReader {

    /// The newest turns of a session and the place in its log up to which they reach. A reader that shows them and then
    /// reads the log from there has everything.
    ///
    /// @return empty when the session does not exist or belongs to another user
    CompletionStage<Optional<Recent>> newest(SessionId session, UserId user);
}
