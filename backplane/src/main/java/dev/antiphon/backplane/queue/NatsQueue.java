package dev.antiphon.backplane.queue;

import dev.antiphon.backplane.Nats;
import dev.antiphon.backplane.Unavailable;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.WorkflowRequest;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;

/// The request queue of the present server: in JetStream, or over core NATS when the server has no JetStream. Checks at
/// the start, after each reconnect, when JetStream fails, and now and then while it is missing.
///
/// Processes that disagree about it for a while do no harm: a stream also takes messages that are published over core
/// NATS, and a request that is delivered twice is run once.
public final class NatsQueue implements RequestQueue {

    private static final Logger LOG = LoggerFactory.getLogger(NatsQueue.class);

    private static final Duration RETRY_AFTER = Duration.ofMillis(500);

    /// How often a process without JetStream checks for it.
    private static final Duration LOOK_AGAIN = Duration.ofMinutes(1);

    private final Nats nats;
    private final JetStreamQueue stored;
    private final CoreQueue rung;

    private volatile RequestQueue current;
    private volatile long lookedAt;
    private final AtomicBoolean looking = new AtomicBoolean();

    /// Only for the thread that pulls.
    private RequestQueue pulledFrom;

    private NatsQueue(Nats nats) {
        this.nats = nats;
        this.stored = new JetStreamQueue(nats);
        this.rung = new CoreQueue(nats);
        this.current = stored;
        this.pulledFrom = stored;
    }

    /// Finds out whether the server has JetStream, and makes sure that the streams exist, now and whenever NATS comes
    /// back: a server that lost its disk has none, and a restarted one can have JetStream switched on or off.
    ///
    /// @throws Unavailable when the server has JetStream and it cannot be used
    /// @throws InterruptedException when interrupted while NATS is unavailable or JetStream does not answer
    public static NatsQueue open(Nats nats) throws InterruptedException {
        NatsQueue queue = new NatsQueue(nats);
        boolean said = false;
        while (true) {
            try {
                if (queue.looked()) {
                    break;
                }
            } catch (Unavailable e) {
                if (!Topology.mayPass(e)) {
                    throw e;
                }
                if (!said) {
                    unavailable(e);
                    said = true;
                }
            }
            TimeUnit.MILLISECONDS.sleep(RETRY_AFTER.toMillis());
        }
        nats.onReconnect(queue::lookAgain);
        return queue;
    }

    private static void unavailable(Unavailable why) {
        LOG.atWarn()
                .addKeyValue("reason", why.getMessage())
                .log("the queue is unavailable, retrying");
    }

    /// False when NATS became unavailable meanwhile.
    private boolean looked() {
        try {
            boolean hasJetStream = Topology.ensure(nats);
            lookedAt = System.nanoTime();
            use(hasJetStream ? stored : rung);
            return true;
        } catch (Unavailable e) {
            if (nats.connected()) {
                throw e;
            }
            return false;
        }
    }

    private void use(RequestQueue found) {
        RequestQueue before = current;
        current = found;
        if (found.equals(before)) {
            return;
        }
        if (found.equals(rung)) {
            LOG.atWarn()
                    .addKeyValue("url", nats.url())
                    .log(
                            "NATS has no JetStream: requests of gateways are safe in Redis, but requests"
                                    + " of other publishers are lost while no worker listens, and dead"
                                    + " letters are not kept; nats-server -js keeps them");
        } else {
            LOG.atInfo().addKeyValue("url", nats.url()).log("NATS has JetStream");
        }
    }

    /// Checks in the background until it is known whether the server has JetStream. If NATS becomes unavailable
    /// meanwhile, its next return begins this again.
    private void lookAgain() {
        if (looking.compareAndSet(false, true)) {
            Thread.startVirtualThread(() -> {
                try {
                    lookUntilKnown();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                } finally {
                    looking.set(false);
                }
            });
        }
    }

    /// JetStream might not be ready yet, or might no longer fit.
    private void lookUntilKnown() throws InterruptedException {
        boolean said = false;
        while (true) {
            try {
                if (looked() && said) {
                    LOG.atInfo().log("the queue is available again");
                }
                return;
            } catch (Unavailable e) {
                if (!said) {
                    unavailable(e);
                    said = true;
                }
            }
            TimeUnit.MILLISECONDS.sleep(RETRY_AFTER.toMillis());
        }
    }

    private RequestQueue current() {
        RequestQueue now = current;
        if (now.equals(rung) && System.nanoTime() - lookedAt > LOOK_AGAIN.toNanos()) {
            lookAgain();
        }
        return now;
    }

    private <T> T asked(Function<RequestQueue, T> question) {
        RequestQueue now = current();
        try {
            return question.apply(now);
        } catch (Unavailable e) {
            failed(now);
            throw e;
        }
    }

    /// JetStream can be gone while NATS stays.
    private void failed(RequestQueue queue) {
        if (queue.equals(stored) && nats.connected()) {
            lookAgain();
        }
    }

    private CompletionStage<Void> sent(Function<RequestQueue, CompletionStage<Void>> publish) {
        RequestQueue now = current();
        return publish.apply(now)
                .whenComplete((_, failure) -> {
                    if (failure != null) {
                        failed(now);
                    }
                });
    }

    @Override
    public CompletionStage<Void> publish(WorkflowRequest request) {
        return sent(queue -> queue.publish(request));
    }

    @Override
    public CompletionStage<Void> publishAgain(WorkflowRequest request, String occasion) {
        return sent(queue -> queue.publishAgain(request, occasion));
    }

    @Override
    public long waiting() {
        return asked(RequestQueue::waiting);
    }

    /// The contents of the queue. Blocks for at most a few seconds.
    ///
    /// @throws Unavailable when NATS does not answer
    public Backlog backlog() {
        return asked(queue -> queue.equals(stored) ? stored.backlog() : Backlog.NONE);
    }

    @Override
    public long purgeDone() {
        return asked(RequestQueue::purgeDone);
    }

    @Override
    public void pull(int most, Duration wait, Consumer<Delivery> each) throws InterruptedException {
        RequestQueue now = current();
        if (!now.equals(pulledFrom)) {
            pulledFrom.stopPulling();
            pulledFrom = now;
        }
        try {
            now.pull(most, wait, each);
        } catch (Unavailable e) {
            failed(now);
            throw e;
        }
    }

    @Override
    public void stopPulling() {
        pulledFrom.stopPulling();
    }

    @Override
    public List<StoredRequest> before(StoredRequest request, int most) {
        return asked(queue -> queue.before(request, most));
    }

    @Override
    public boolean isStored(StoredRequest request) {
        return asked(queue -> queue.isStored(request));
    }

    @Override
    public void forget(SessionId session) {
        asked(queue -> {
            queue.forget(session);
            return true;
        });
    }

    @Override
    public void deadLetter(StoredRequest request, ErrorCode code, String reason) {
        asked(queue -> {
            queue.deadLetter(request, code, reason);
            return true;
        });
    }
}
