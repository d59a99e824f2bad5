package dev.antiphon.backplane.queue;

import java.time.Duration;

/// One delivery of a request. Settled by exactly one of {@link #ack}, {@link #retryAfter}; without one, the server
/// delivers the request again after the ack wait. No method blocks or fails: a lost answer means another delivery.
public interface Delivery {

    /// The delivered request.
    StoredRequest request();

    /// Whether the request was delivered before. Only for a counter: attempts are in the run records.
    boolean isAgain();

    /// The session has no work for this delivery any more.
    void ack();

    /// Another worker has the session; deliver again later.
    void retryAfter(Duration delay);

    /// Still being worked on: starts the ack wait again.
    void inProgress();
}
