package dev.antiphon.backplane.doorbell;

import dev.antiphon.protocol.Ring;

/// Hears what is rung for one pod.
public interface RingListener {

    /// Called on the subscription's one thread, in the order of arrival; must not block.
    void rang(Ring ring);

    /// NATS is back after it was away: rings were lost, look into the log now. Called on any thread.
    void reconnected();
}
