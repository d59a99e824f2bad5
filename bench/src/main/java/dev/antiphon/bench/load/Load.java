package dev.antiphon.bench.load;

import dev.antiphon.bench.client.Client;
import dev.antiphon.bench.client.Fault;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/// A load that runs until it is closed.
public abstract class Load implements AutoCloseable {

    private final Client client;

    /// Where to count; thrown away outside of windows.
    private Counts counts = new Counts();

    /// The first answer or fault that is counted.
    private CompletableFuture<Boolean> anything = new CompletableFuture<>();

    private boolean closed;

    Load(Client client) {
        this.client = client;
    }

    final Client client() {
        return client;
    }

    final Counts counts() {
        return counts;
    }

    final boolean isClosed() {
        return closed;
    }

    final void fault(Fault fault) {
        if (!closed) {
            counts.fault(fault);
            anything.complete(false);
        }
    }

    /// Begins; on the loop.
    abstract void begin();

    /// Closes all conversations; on the loop.
    abstract void end();

    /// Says that an answer is complete.
    final void answered() {
        counts.answer();
        anything.complete(true);
    }

    /// Waits for the first answer, or for the first fault, since the load or the counting began.
    public final void awaitAnswer() throws InterruptedException {
        var _ = client.loop().call(() -> anything);
    }

    /// Begins, and returns at once.
    final void start() throws InterruptedException {
        var _ =
                client.loop()
                        .get(() -> {
                            begin();
                            return true;
                        });
    }

    /// Counts for this long, and returns what was counted.
    public final Counts count(Duration window) throws InterruptedException {
        beginCounting();
        Thread.sleep(window);
        return endCounting();
    }

    /// Counts for this long, and longer when no answer is complete by then, as on a machine that is busy.
    public final Counts countAnswers(Duration window) throws InterruptedException {
        beginCounting();
        Thread.sleep(window);
        awaitAnswer();
        return endCounting();
    }

    /// What is counted from now on is returned by [#endCounting]. Faults of the time before are among it.
    public final void beginCounting() throws InterruptedException {
        var _ =
                client.loop()
                        .get(() -> {
                            counts = counts.faultsAlone();
                            if (counts.faultCount() == 0) {
                                anything = new CompletableFuture<>();
                            }
                            return true;
                        });
    }

    /// What was counted since [#beginCounting].
    public final Counts endCounting() throws InterruptedException {
        return client.loop()
                .get(() -> {
                    Counts done = counts;
                    counts = new Counts();
                    return done;
                });
    }

    /// Closes all conversations soon.
    @Override
    public final void close() {
        client.loop()
                .execute(() -> {
                    closed = true;
                    end();
                });
    }
}
