package dev.antiphon.backplane.registry;

import java.time.Duration;
import java.util.concurrent.CompletionStage;

/// One worker's sign of life. While it is there, nobody else claims the worker's runs. Bound to its worker when it is made.
///
/// No call blocks; stages fail with {@link dev.antiphon.backplane.Unavailable} when Redis does not answer in time.
/// An interface because the simulation drives the worker over a model of it.
public interface Lease {

    /// A worker that is silent for this long counts as dead.
    Duration LIVES = Duration.ofSeconds(3);

    /// Three tries fit into a lease.
    Duration RENEW_EVERY = Duration.ofSeconds(1);

    /// Begins the lease, or makes it last again, and lets the others know that there is this worker to look after.
    CompletionStage<Void> renew();

    /// Ends it: the worker's runs may be claimed at once.
    CompletionStage<Void> end();
}
