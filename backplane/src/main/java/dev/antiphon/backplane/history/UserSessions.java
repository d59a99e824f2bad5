package dev.antiphon.backplane.history;

import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import java.util.List;
import java.util.concurrent.CompletionStage;

/// How a user's sessions stand now. What is another user's is not there. Promises as {@link History}.
///
/// An interface because the gateway's state machines are tested over a model of it.
public interface UserSessions {

    /// The sessions that were answered last, and those with an unfinished message that were asked last; about 50 and at most
    /// 100. None of them is {@link SessionState.State#DELETED}.
    CompletionStage<List<SessionState>> newest(UserId user);

    /// Some sessions, in the order asked for.
    ///
    /// @param sessions each is one call to Redis
    CompletionStage<List<SessionState>> states(UserId user, List<SessionId> sessions);
}
