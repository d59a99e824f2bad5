package dev.antiphon.backplane.doorbell;

import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.Ring;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

/// Hears what is rung for one pod.
public interface RingListener {

    /// Called on the subscription's one thread, in the order of arrival; must not block.
    void rang(Ring ring);

    /// A chunk that is not in the log: a worker sent it that knows only the contract. Called as {@link #rang}.
    void plain(Chunk chunk);

    /// Something of a session may have changed in its user's list. Called as {@link #rang}.
    void changed(UserId user, SessionId session);

    /// NATS is back after it was away: rings were lost, look into the log now. Called on any thread.
    void reconnected();
}
