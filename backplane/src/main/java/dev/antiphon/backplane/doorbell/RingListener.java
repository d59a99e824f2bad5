package dev.antiphon.backplane.doorbell;

import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.Ring;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import java.util.List;

/// Receives the rings for one pod.
public interface RingListener {

    /// Called on the subscription's one thread, in the order of arrival, with the entries of one message; must not block.
    void rang(List<Ring> rings);

    /// A chunk that is not in the log, from a worker that knows only the contract. Called as {@link #rang}.
    void plain(Chunk chunk);

    /// A session was erased: its log is gone, if it has not begun again. Called as {@link #rang}.
    void erased(SessionId session);

    /// A session might have changed in its user's list. Called as {@link #rang}.
    void changed(UserId user, SessionId session);

    /// NATS is available again. Rings were lost, so read the log now. Called on any thread.
    void reconnected();
}
