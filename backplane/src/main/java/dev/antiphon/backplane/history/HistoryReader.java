package dev.antiphon.backplane.history;

import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import java.util.Optional;
import java.util.concurrent.CompletionStage;

/// The conversations, to be read: all that a stream to a browser needs of them. Promises as {@link History}.
public interface HistoryReader {

    /// The newest turns of a session and the place in its log up to which they reach: whoever shows them and then reads the
    /// log from there has everything.
    ///
    /// @return empty when the session is not there or not the user's
    CompletionStage<Optional<Recent>> newest(SessionId session, UserId user);
}
