package dev.antiphon.worker.run;

import dev.antiphon.backplane.registry.Lease;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/// Renews this worker's lease once a second for as long as the process lives.
public final class LeaseKeeper implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(LeaseKeeper.class);

    private final Lease lease;

    /// A thread of the platform, so that a busy carrier pool cannot make this worker look dead.
    private final Thread keeper = Thread.ofPlatform().name("lease").daemon().unstarted(this::keep);

    private volatile long steadySince = System.nanoTime();

    private LeaseKeeper(Lease lease) {
        this.lease = lease;
    }

    /// Begins the lease; returns when it stands, so that what is claimed from now on is protected.
    public static LeaseKeeper open(Lease lease) throws InterruptedException {
        LeaseKeeper keeper = new LeaseKeeper(lease);
        while (!keeper.renewed()) {
            TimeUnit.MILLISECONDS.sleep(Lease.RENEW_EVERY.toMillis());
        }
        keeper.keeper.start();
        return keeper;
    }

    private void keep() {
        try {
            while (true) {
                TimeUnit.MILLISECONDS.sleep(Lease.RENEW_EVERY.toMillis());
                renewed();
            }
        } catch (InterruptedException e) {
            // closing
        }
    }

    /// Whether the lease has been renewed in time for at least this long. Any thread.
    boolean steadyFor(Duration least) {
        return System.nanoTime() - steadySince >= least.toNanos();
    }

    /// False costs nothing but work: should another worker take over meanwhile, the token decides.
    private boolean renewed() throws InterruptedException {
        long start = System.nanoTime();
        try {
            lease.renew().toCompletableFuture().get();
            if (System.nanoTime() - start > Lease.RENEW_EVERY.toNanos()) {
                steadySince = System.nanoTime();
            }
            return true;
        } catch (ExecutionException e) {
            steadySince = System.nanoTime();
            LOG.atWarn().addKeyValue("reason", e.getMessage()).log("lease not renewed");
            return false;
        }
    }

    @Override
    public void close() {
        keeper.interrupt();
        try {
            keeper.join();
            lease.end().toCompletableFuture().get(1, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | java.util.concurrent.TimeoutException e) {
            LOG.atDebug().setCause(e).log("the lease ends by itself");
        }
    }
}
