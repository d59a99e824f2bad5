package dev.antiphon.backplane.history;

import dev.antiphon.protocol.SessionId;

/// What a user's list says of a session.
///
/// @param title as it was renamed, or the beginning of its first message; empty when neither is known
public record SessionState(SessionId session, State state, String title) {

    /// What a session does.
    public enum State {
        /// All its messages are answered.
        IDLE,
        /// A message of it is being answered, or waits for a worker.
        RUNNING,
        /// Its answer goes on when its user has answered a question.
        WAITING,
        /// It is not there, or not the user's.
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
