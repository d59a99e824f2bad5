package dev.antiphon.engine.run;

import dev.antiphon.backplane.catalog.Catalog;
import dev.antiphon.backplane.catalog.Offer;
import dev.antiphon.time.Time;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.List;
import java.util.concurrent.ExecutionException;

/// Announces what this worker offers, periodically for as long as it lives.
public final class Announcer implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Announcer.class);

    private final Catalog catalog;
    private final List<Offer> offers;
    private final Time time;
    private final Thread thread;

    private Announcer(Catalog catalog, List<Offer> offers, Time time) {
        this.catalog = catalog;
        this.offers = List.copyOf(offers);
        this.time = time;
        this.thread = time.thread("announcer", this::announceAll);
    }

    public static Announcer open(Catalog catalog, List<Offer> offers, Time time) {
        Announcer announcer = new Announcer(catalog, offers, time);
        announcer.thread.start();
        return announcer;
    }

    private void announceAll() {
        try {
            while (true) {
                announce();
                time.sleep(time.about(Catalog.ANNOUNCE_EVERY).toNanos());
            }
        } catch (InterruptedException e) {
            // closing: announcements expire by themselves
        }
    }

    private void announce() throws InterruptedException {
        try {
            var _ = catalog.announce(offers).toCompletableFuture().get();
        } catch (ExecutionException e) {
            LOG.atDebug().setCause(e.getCause()).log("announcement failed, retrying later");
        }
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
