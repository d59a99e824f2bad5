package dev.antiphon.backplane.registry;

import java.time.Duration;
import java.util.concurrent.CompletionStage;

/// One worker's sign of life. While it exists, no other worker claims this worker's runs. Each instance belongs to
/// one worker.
///
/// No call blocks; stages fail with {@link dev.antiphon.backplane.Unavailable} when Redis does not answer in time.
/// An interface because the simulation drives the worker over a model of it.
public interface Lease {

    /// A worker that is silent for this long counts as dead.
    Duration LIVES = Duration.ofSeconds(3);

    /// Three tries fit into a lease.
    Duration RENEW_EVERY = Duration.ofSeconds(1);

    /// Begins or extends the lease, and tells the other workers that this worker's runs need attention if it dies.
    CompletionStage<Void> renew();

    /// Ends the lease: the worker's runs can be claimed at once.
    CompletionStage<Void> end();
}
