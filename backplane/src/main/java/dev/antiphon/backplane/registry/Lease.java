package dev.antiphon.backplane.registry;

import java.time.Duration;
import java.util.concurrent.CompletionStage;

/// One worker's sign of life. While it exists, no other worker claims this worker's runs. Each instance belongs to
/// one worker.
///
/// No call blocks; stages fail with {@link dev.antiphon.backplane.Unavailable} when Redis does not answer in time.
/// An interface because the simulation drives the worker over a model of it.
public interface Lease {

    /// Three tries fit into a lease, {@link dev.antiphon.backplane.Policy#LEASE}.
    Duration RENEW_EVERY = Duration.ofSeconds(1);

    /// Begins or extends the lease, and tells the other workers that this worker's runs need attention if it dies.
    CompletionStage<Void> renew();

    /// Ends the lease: the worker's runs can be claimed at once.
    CompletionStage<Void> end();
}
