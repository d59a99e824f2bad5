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
    record Known(UserId owner, Optional<MessageId> latest) {}

    /// Looks a session up; empty when the store has none of this name. Fails with
    /// {@link dev.antiphon.backplane.Unavailable}.
    CompletionStage<Optional<Known>> session(SessionId session);
}
