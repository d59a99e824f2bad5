package dev.antiphon.backplane.history;

import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkflowRequest;

import java.util.Optional;
import java.util.concurrent.CompletionStage;

/// Users' view of their conversations, and erasing. Sessions of other users count as missing. Promises as
/// {@link History}.
public interface Conversations extends UserSessions {

    /// A user's sessions that have an ended answer, the most recently answered first.
    ///
    /// @param before the end of the page before; empty for the first page
    /// @param most 1 or more
    CompletionStage<Sessions> sessions(UserId user, Optional<Sessions.Place> before, int most);

    /// Turns of a session, oldest first; see {@link HistoryReader#newest}.
    ///
    /// @param before the message before which the turns are; empty for the newest turns. No turns are before a message
    ///     that does not exist
    /// @param most 1 or more
    /// @return empty when the session does not exist or belongs to another user
    CompletionStage<Optional<Recent>> turns(
            SessionId session, UserId user, Optional<MessageId> before, int most);

    /// The request of a message. Its parent is the one that was found when the message was accepted, or the message
    /// itself. The context is missing when the run has expired.
    ///
    /// @return empty when there is no such message, or it belongs to another user
    CompletionStage<Optional<WorkflowRequest>> asked(
            SessionId session, UserId user, MessageId message);

    /// Gives a session another title, for every list.
    ///
    /// @param title not empty
    /// @return false when the session does not exist, has no message, or belongs to another user
    CompletionStage<Boolean> rename(SessionId session, UserId user, String title);

    /// Removes everything of a session except its requests in the queue. A worker that runs it is fenced.
    ///
    /// @return empty when the session does not exist or belongs to another user
    CompletionStage<Optional<Erased>> erase(SessionId session, UserId user);
}
