package dev.antiphon.backplane.doorbell;

import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import java.util.Set;

/// Tells other processes about a change that has no entry in a log. Sent after the change; the receivers then read the
/// state. Best effort, as {@link Doorbell}. Nothing blocks.
///
/// An interface because the simulation has a model of it.
public interface Notices {

    /// Tells every worker that a message was cancelled, so that its model call stops at once.
    void cancelled(SessionId session, MessageId message);

    /// Tells the session's pods that it was erased: their readers find that the log is gone, and begin again with an
    /// empty session.
    void erased(Set<PodId> pods, SessionId session);

    /// Tells every pod that this session has changed in its user's list: it runs, waits for the user, has ended, was
    /// renamed or deleted.
    void changed(UserId user, SessionId session);
}
