package dev.antiphon.worker;

import dev.antiphon.backplane.Backplane;
import dev.antiphon.protocol.Ids;
import dev.antiphon.protocol.WorkerId;
import dev.antiphon.worker.provider.DemoProvider;
import dev.antiphon.worker.provider.ModelProvider;
import dev.antiphon.worker.provider.Providers;
import dev.antiphon.worker.run.Deliveries;
import dev.antiphon.worker.run.LeaseKeeper;
import dev.antiphon.worker.run.SessionRunner;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/// A worker process, put together top to bottom and closed in reverse.
public final class Worker implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Worker.class);

    private final Backplane backplane;
    private final LeaseKeeper lease;
    private final Deliveries deliveries;

    private final AtomicBoolean closed = new AtomicBoolean();

    private Worker(Backplane backplane, LeaseKeeper lease, Deliveries deliveries) {
        this.backplane = backplane;
        this.lease = lease;
        this.deliveries = deliveries;
    }

    /// Connects and begins to work; waits for servers that are not there yet.
    ///
    /// @throws dev.antiphon.backplane.Unavailable when a server cannot be used as it is set up
    /// @throws IllegalArgumentException when the settings do not fit together
    /// @throws InterruptedException when interrupted while waiting
    public static Worker open(WorkerConfig config) throws InterruptedException {
        Providers providers = openProviders(config);
        WorkerId id = new WorkerId(Ids.mint("worker_"));
        Backplane backplane = Backplane.open(config.backplane(), "worker " + id);
        LeaseKeeper lease = LeaseKeeper.open(backplane.lease(id));
        SessionRunner runner =
                new SessionRunner(
                        backplane.log(),
                        backplane.doorbell(),
                        backplane.queue(),
                        providers,
                        id,
                        InstantSource.system());
        Deliveries deliveries = Deliveries.open(backplane.queue(), runner, config.concurrency());
        LOG.atInfo()
                .addKeyValue("worker", id)
                .addKeyValue("providers", providers.names())
                .addKeyValue("default", providers.fallback().name())
                .addKeyValue("concurrency", config.concurrency())
                .log("worker is up");
        return new Worker(backplane, lease, deliveries);
    }

    private static Providers openProviders(WorkerConfig config) {
        List<ModelProvider> providers = new ArrayList<>();
        providers.add(new DemoProvider(config.demoDelay(), config.demoWords()));
        return new Providers(providers, config.defaultProvider());
    }

    /// Stops pulling, hands its runs over and disconnects, within a few seconds.
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        deliveries.close();
        lease.close();
        backplane.close();
    }
}
