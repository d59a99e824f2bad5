package dev.antiphon.engine.run;

import dev.antiphon.backplane.registry.Lease;
import dev.antiphon.engine.run.Counters.Count;
import dev.antiphon.time.Time;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;

/// Renews this worker's lease once a second for as long as the process lives.
public final class LeaseKeeper implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(LeaseKeeper.class);

    /// The interval of renewals, and as long again for Redis to answer.
    private static final Duration FRESH = Lease.RENEW_EVERY.multipliedBy(2);

    private static final Duration END_WITHIN = Duration.ofSeconds(1);

    private final Lease lease;
    private final Time time;
    private final Counters counters;

    /// A platform thread, so that busy virtual threads cannot make this worker look dead.
    private final Thread keeper;

    private volatile long steadySince;

    /// When the last successful renewal began.
    private volatile long renewedAt;

    private LeaseKeeper(Lease lease, Time time, Counters counters) {
        this.lease = lease;
        this.time = time;
        this.counters = counters;
        this.keeper = time.steadyThread("lease", this::keep);
        this.steadySince = time.nanoTime();
        this.renewedAt = steadySince;
    }

    /// Begins the lease; returns when Redis has it, so that later claims are protected.
    public static LeaseKeeper open(Lease lease, Time time, Counters counters)
            throws InterruptedException {
        LeaseKeeper keeper = new LeaseKeeper(lease, time, counters);
        while (!keeper.renewed()) {
            time.sleep(Lease.RENEW_EVERY.toNanos());
        }
        keeper.keeper.start();
        return keeper;
    }

    private void keep() {
        try {
            while (true) {
                time.sleep(Lease.RENEW_EVERY.toNanos());
                renewed();
            }
        } catch (InterruptedException e) {
            // closing
        }
    }

    /// Whether the lease has been renewed in time for at least this long. Any thread.
    boolean steadyFor(Duration least) {
        return time.nanoTime() - steadySince >= least.toNanos();
    }

    /// Whether the lease was renewed recently, so that a claim would be valid. Any thread.
    boolean isFresh() {
        return time.nanoTime() - renewedAt < FRESH.toNanos();
    }

    /// False only costs work: if another worker takes over meanwhile, the token decides.
    private boolean renewed() throws InterruptedException {
        long start = time.nanoTime();
        try {
            lease.renew().toCompletableFuture().get();
            renewedAt = start;
            if (time.nanoTime() - start > Lease.RENEW_EVERY.toNanos()) {
                late();
            }
            return true;
        } catch (ExecutionException e) {
            late();
            LOG.atWarn()
                    .addKeyValue("reason", e.getMessage())
                    .log("lease renewal failed, retrying");
            return false;
        }
    }

    private void late() {
        counters.add(Count.LEASE_LATE);
        steadySince = time.nanoTime();
    }

    @Override
    public void close() {
        keeper.interrupt();
        try {
            keeper.join();
            time.get(lease.end(), END_WITHIN);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            LOG.atDebug().setCause(e).log("lease not released; it expires by itself");
        }
    }
}
