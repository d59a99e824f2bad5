package dev.antiphon.backplane.log;

import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import java.util.Optional;
import java.util.concurrent.CompletionStage;

/// A store that knows sessions for longer than Redis does, and therefore decides who owns them.
public interface Durable {

    /// The store's facts about a session.
    ///
    /// @param latest the most recently answered message
    /// @param incarnation part of the names of the session's resources outside; empty when the store does not have it
    record Known(UserId owner, Optional<MessageId> latest, String incarnation) {}

    /// Looks up a session that Redis does not know; empty when the store has no session of this name.
    /// Its runs that wait for their user are in Redis again before the stage completes. Fails with
    /// {@link dev.antiphon.backplane.Unavailable}.
    CompletionStage<Optional<Known>> session(SessionId session);
}
