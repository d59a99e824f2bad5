package dev.antiphon.backplane.queue;

import java.time.Duration;

/// One delivery of a request. Settled by exactly one of {@link #ack}, {@link #retryAfter}; without one, the server
/// delivers it again after the ack wait. No method blocks or fails: an answer that is lost means another delivery.
public interface Delivery {

    /// What is delivered.
    StoredRequest request();

    /// Whether it was delivered before. Only to be counted: attempts are in the run records.
    boolean isAgain();

    /// The session has no work for this delivery any more.
    void ack();

    /// Someone else has the session; look again later.
    void retryAfter(Duration delay);

    /// Still at it: starts the ack wait again.
    void inProgress();
}
