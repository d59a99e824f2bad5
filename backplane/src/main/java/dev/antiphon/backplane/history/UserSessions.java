package dev.antiphon.backplane.history;

import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import java.util.List;
import java.util.concurrent.CompletionStage;

/// The present state of a user's sessions. Sessions of other users count as missing. Promises as {@link History}.
///
/// An interface because the gateway's state machines are tested with a model of it.
public interface UserSessions {

    /// The most recently answered sessions, and the most recently asked ones with an unfinished message; about 50 and
    /// at most 100. None of them is {@link SessionState.State#DELETED}.
    CompletionStage<List<SessionState>> newest(UserId user);

    /// Some sessions, in the order asked for.
    ///
    /// @param sessions each is one call to Redis
    CompletionStage<List<SessionState>> states(UserId user, List<SessionId> sessions);
}
