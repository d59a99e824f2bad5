package dev.antiphon.backplane.history;

import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkflowRequest;

import java.util.Optional;
import java.util.concurrent.CompletionStage;

/// What users see of their conversations, and erase. What is another user's is not there. Promises as {@link History}.
public interface Conversations extends UserSessions {

    /// A user's sessions that have an ended answer, the one answered last first.
    ///
    /// @param before where the page before ended; empty for the first
    /// @param most 1 or more
    CompletionStage<Sessions> sessions(UserId user, Optional<Sessions.Place> before, int most);

    /// Turns of a session, oldest first; see {@link HistoryReader#newest}.
    ///
    /// @param before the message that they are before; empty for the newest. Before one that is not there is nothing
    /// @param most 1 or more
    /// @return empty when the session is not there or not the user's
    CompletionStage<Optional<Recent>> turns(
            SessionId session, UserId user, Optional<MessageId> before, int most);

    /// What a message asked. Its parent is the one that was found when it was accepted, or itself. When its run is
    /// forgotten the context is too.
    ///
    /// @return empty when there is no such message, or it is not the user's
    CompletionStage<Optional<WorkflowRequest>> asked(
            SessionId session, UserId user, MessageId message);

    /// Gives a session another title, for every list.
    ///
    /// @param title not empty
    /// @return false when the session is not there, has no message, or is not the user's
    CompletionStage<Boolean> rename(SessionId session, UserId user, String title);

    /// Removes everything of a session but what waits in the queue. Whoever runs it is fenced.
    ///
    /// @return empty when the session is not there or not the user's
    CompletionStage<Optional<Erased>> erase(SessionId session, UserId user);
}
