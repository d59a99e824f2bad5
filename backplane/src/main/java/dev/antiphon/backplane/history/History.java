package dev.antiphon.backplane.history;

import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;

import java.util.List;
import java.util.concurrent.CompletionStage;

/// The conversations. Filled from the log and nothing else, so that what is stored is what was seen, also after a reset,
/// a cancel or a failure.
///
/// No call blocks; all may be repeated; stages fail with {@link dev.antiphon.backplane.Unavailable}.
/// An interface because the simulation has a model of it.
public interface History extends HistoryReader {

    /// Brings the session's history up to its last ended message. Does nothing when it is. Fails with
    /// {@link IllegalStateException}, once, when the log has lost entries before they were in the history: what is left of
    /// them is stored then.
    CompletionStage<Void> settle(SessionId session);

    /// Sessions whose history has been behind their log for some seconds, the longest first. Each is given to one caller,
    /// and given again later while it is still behind.
    ///
    /// @param most 1 or more
    CompletionStage<List<SessionId>> unsettledSessions(int most);

    /// What was said before a message whose run is known: the newest turns of the path to it from the conversation's
    /// beginning, newest first. Turns of other branches are not in it, nor is what is not settled yet. It ends before the
    /// first turn that has no room.
    ///
    /// @param mostCharacters code points that the texts and answers may have in all, 0 or more
    CompletionStage<List<Said>> before(SessionId session, MessageId message, int mostCharacters);
}
