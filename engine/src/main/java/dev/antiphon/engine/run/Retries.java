package dev.antiphon.engine.run;

import dev.antiphon.backplane.Unavailable;
import dev.antiphon.engine.run.Counters.Count;
import dev.antiphon.time.Time;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;

/// Repeats calls to the backplane until it answers, for calls that a run must not give up when a server is unavailable
/// for a while.
final class Retries {

    private static final Logger LOG = LoggerFactory.getLogger(Retries.class);
    private static final Duration PAUSE = Duration.ofMillis(250);

    private final Time time;
    private final Counters counters;

    Retries(Time time, Counters counters) {
        this.time = time;
        this.counters = counters;
    }

    /// Repeats a call to Redis. A claim in particular must not be given up: if its answer is lost, this worker would
    /// hold the claim without knowing it, and block the session.
    ///
    /// @throws InterruptedException when interrupted; the call can have taken effect or not
    <T> T untilAnswered(Supplier<CompletionStage<T>> call) throws InterruptedException {
        while (true) {
            try {
                return call.get().toCompletableFuture().get();
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof Unavailable)) {
                    throw new IllegalStateException(e.getCause());
                }
                pause(e.getCause());
            }
        }
    }

    /// Repeats a call, but no longer than `most`.
    ///
    /// @throws Unavailable when it was not answered by then
    /// @throws InterruptedException when interrupted
    <T> T within(Duration most, Supplier<CompletionStage<T>> call) throws InterruptedException {
        long until = time.nanoTime() + most.toNanos();
        while (true) {
            try {
                return call.get().toCompletableFuture().get();
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof Unavailable away)) {
                    throw new IllegalStateException(e.getCause());
                }
                if (time.nanoTime() - until >= 0) {
                    throw away;
                }
                pause(away);
            }
        }
    }

    /// Repeats a call that blocks.
    <T> T untilReturned(Supplier<T> call) throws InterruptedException {
        while (true) {
            try {
                return call.get();
            } catch (Unavailable e) {
                pause(e);
            } catch (CompletionException e) {
                if (!(e.getCause() instanceof Unavailable)) {
                    throw e;
                }
                pause(e);
            }
        }
    }

    private void pause(Throwable reason) throws InterruptedException {
        counters.add(Count.ASKED_AGAIN);
        LOG.atDebug().addKeyValue("reason", reason.getMessage()).log("no answer, retrying");
        time.sleep(PAUSE.toNanos());
    }
}
