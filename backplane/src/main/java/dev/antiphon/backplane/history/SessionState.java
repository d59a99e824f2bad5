package dev.antiphon.backplane.history;

import dev.antiphon.protocol.SessionId;

/// An item of a user's list.
///
/// @param title as the user renamed it, or the beginning of its first message; empty when neither is known
public record SessionState(SessionId session, State state, String title) {

    /// The activity of a session.
    public enum State {
        /// All its messages are answered.
        IDLE,
        /// One of its messages is being answered, or waits for a worker.
        RUNNING,
        /// Its answer continues when its user has answered a question.
        WAITING,
        /// It does not exist, or belongs to another user.
        DELETED
    }

    static SessionState deleted(SessionId session) {
        return new SessionState(session, State.DELETED, "");
    }

    /// Whether it has an unfinished message.
    public boolean isActive() {
        return state == State.RUNNING || state == State.WAITING;
    }
}
