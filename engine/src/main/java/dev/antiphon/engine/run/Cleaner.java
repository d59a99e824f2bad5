package dev.antiphon.engine.run;

import dev.antiphon.api.model.Capabilities.Feature;
import dev.antiphon.api.model.Leftover;
import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.model.ProviderFailure;
import dev.antiphon.backplane.Unavailable;
import dev.antiphon.backplane.log.Cleanups;
import dev.antiphon.backplane.log.Cleanups.Cleanup;
import dev.antiphon.backplane.log.Cleanups.Taken;
import dev.antiphon.engine.run.Counters.Count;
import dev.antiphon.time.Time;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;

/// Ends at services the work for messages and sessions that have ended here without a worker to do it. One at a time:
/// there are few of them, and a service that hangs must not occupy more than one thread.
public final class Cleaner implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Cleaner.class);

    private static final Duration LOOK = Duration.ofSeconds(1);

    private static final int MAX_AT_ONCE = 100;

    private final Cleanups cleanups;
    private final Providers providers;
    private final Time time;
    private final Counters counters;
    private final Thread thread;

    private Cleaner(Cleanups cleanups, Providers providers, Time time, Counters counters) {
        this.cleanups = cleanups;
        this.providers = providers;
        this.time = time;
        this.counters = counters;
        this.thread = time.thread("cleaner", this::run);
    }

    /// Starts to look for clean-ups, about once a second.
    public static Cleaner open(
            Cleanups cleanups, Providers providers, Time time, Counters counters) {
        Cleaner cleaner = new Cleaner(cleanups, providers, time, counters);
        cleaner.thread.start();
        return cleaner;
    }

    private void run() {
        try {
            while (true) {
                time.sleep(time.about(LOOK).toNanos());
                look();
            }
        } catch (InterruptedException e) {
            // closing
        }
    }

    private void look() throws InterruptedException {
        try {
            Optional<Cleanup> found = take();
            for (int i = 0; i < MAX_AT_ONCE && found.isPresent(); i++) {
                work(found.get());
                found = take();
            }
        } catch (Unavailable | CompletionException e) {
            LOG.atDebug().addKeyValue("reason", e.getMessage()).log("Redis unavailable, retrying");
        }
    }

    private Optional<Cleanup> take() throws InterruptedException {
        Taken taken = answer(cleanups.take());
        if (taken.leftOut() > 0) {
            counters.add(Count.CLEANUP_LOST, taken.leftOut());
            LOG.atWarn()
                    .addKeyValue("count", taken.leftOut())
                    .log("too many clean-ups waiting; some remote runs continue to their end");
        }
        return taken.cleanup();
    }

    private void work(Cleanup cleanup) throws InterruptedException {
        if (cleanup.givenUp()) {
            counters.add(Count.CLEANUP_LOST);
            LOG.atWarn()
                    .addKeyValue("session", cleanup.session())
                    .addKeyValue("message", cleanup.message())
                    .addKeyValue("deleted", cleanup.whole())
                    .log(
                            "clean-up failed too often, giving up; the service may continue or keep data");
        } else if (isClean(cleanup)) {
            answer(cleanups.done(cleanup));
            counters.add(Count.CLEANED_UP);
        } else {
            counters.add(Count.CLEANUP_REPEATED);
        }
    }

    private boolean isClean(Cleanup cleanup) throws InterruptedException {
        Set<ModelProvider> concerned = new LinkedHashSet<>();
        boolean clean = true;
        try {
            concerned.add(
                    providers.choose(cleanup.provider().isEmpty() ? null : cleanup.provider()));
        } catch (ProviderFailure e) {
            LOG.atDebug()
                    .addKeyValue("provider", cleanup.provider())
                    .log("provider of a clean-up is not configured here, retrying later");
            clean = false;
        }
        if (cleanup.whole()) { // any of its messages can have used them
            providers.all().stream()
                    .filter(provider -> provider.capabilities().has(Feature.KEEPS_CONVERSATION))
                    .forEach(concerned::add);
        }
        for (ModelProvider provider : concerned) {
            try {
                for (Leftover left : left(cleanup)) {
                    clean &= provider.cleanUp(left);
                }
            } catch (RuntimeException e) { // from an extension; the other clean-ups must continue
                LOG.atWarn()
                        .addKeyValue("provider", provider.name())
                        .setCause(e)
                        .log("clean-up failed, retrying later");
                clean = false;
            }
        }
        return clean;
    }

    /// One for each call whose handle is known. A provider that identifies the work by its message finds nothing more
    /// at the second.
    private static List<Leftover> left(Cleanup cleanup) {
        List<String> handles = cleanup.handles().isEmpty() ? List.of("") : cleanup.handles();
        return handles.stream()
                .map(handle ->
                        new Leftover(
                                cleanup.session(),
                                cleanup.incarnation(),
                                cleanup.message(),
                                handle,
                                cleanup.whole()))
                .toList();
    }

    private static <T> T answer(CompletionStage<T> stage) throws InterruptedException {
        try {
            return stage.toCompletableFuture().get();
        } catch (ExecutionException e) {
            throw new CompletionException(e.getCause());
        }
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
