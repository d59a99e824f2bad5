package dev.antiphon.backplane.history;

import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;

import java.util.List;
import java.util.concurrent.CompletionStage;

/// The conversations. Filled from the log and nothing else, so that the stored turns are what readers saw, even after a
/// reset, a cancel or a failure.
///
/// No call blocks; all can be repeated; stages fail with {@link dev.antiphon.backplane.Unavailable}. An interface
/// because the simulation has a model of it.
public interface History extends HistoryReader {

    /// Brings the session's history up to its last ended message. Does nothing when the history is complete. Fails with
    /// {@link IllegalStateException}, once, when the log has lost entries that the history did not have yet; the
    /// remaining entries are then stored.
    CompletionStage<Void> settle(SessionId session);

    /// Sessions whose history has been behind their log for some seconds, the longest first. Each is given to one
    /// caller, and given out again later while it is still behind.
    ///
    /// @param most 1 or more
    CompletionStage<List<SessionId>> unsettledSessions(int most);

    /// The conversation before a message whose run exists: the newest turns of the path from the conversation's
    /// beginning to the message, newest first. Turns of other branches are not included, nor are answers that are not
    /// settled yet. The list ends before the first turn that does not fit.
    ///
    /// @param mostCharacters code points that the texts and answers may have in all, 0 or more
    CompletionStage<List<Said>> before(SessionId session, MessageId message, int mostCharacters);
}
