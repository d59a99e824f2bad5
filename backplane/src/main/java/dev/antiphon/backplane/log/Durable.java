package dev.antiphon.backplane.log;

import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import java.util.Optional;
import java.util.concurrent.CompletionStage;

/// A store that knows sessions for longer than Redis does, and so decides whose they are.
public interface Durable {

    /// What it knows of a session.
    ///
    /// @param latest the message that was answered last
    /// @param incarnation what the session's resources outside are named by; empty when the store was not told
    record Known(UserId owner, Optional<MessageId> latest, String incarnation) {}

    /// Looks a session up that Redis does not know; empty when the store has none of this name. Runs of it that wait for
    /// their user are in Redis again before the stage completes. Fails with {@link dev.antiphon.backplane.Unavailable}.
    CompletionStage<Optional<Known>> session(SessionId session);
}
