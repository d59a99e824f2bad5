package dev.antiphon.backplane.doorbell;

import dev.antiphon.backplane.Nats;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ErasedNotice;
import dev.antiphon.protocol.InvalidInput;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.Ring;
import dev.antiphon.protocol.RingBatch;
import dev.antiphon.protocol.SessionHint;
import dev.antiphon.protocol.Subjects;

import io.nats.client.Message;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;

/// One pod's subscription: its three subjects, the plain workers' broadcasts and the hints of users' lists on one thread,
/// so that entries of one session arrive in the order of their rings.
public final class PodSubscription implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(PodSubscription.class);

    /// Rings that the listener has not taken yet. The client drops more, and the pod finds their entries in the log.
    private static final int MAX_PENDING = 65_536;

    private static final long MAX_PENDING_BYTES = 64L << 20;

    private static final String USERS = "chat.user.";

    private final Nats.Subscription subscription;

    private PodSubscription(Nats.Subscription subscription) {
        this.subscription = subscription;
    }

    /// Listens for `pod` from now on; returns when the server has the subscription.
    public static PodSubscription open(Nats nats, PodId pod, RingListener listener)
            throws InterruptedException {
        String event = Subjects.podEvent(pod);
        String batch = Subjects.podBatch(pod);
        nats.onReconnect(listener::reconnected);
        Nats.Subscription subscription =
                nats.listen(
                        message -> {
                            if (message.getSubject().equals(batch)) {
                                hear(listener, message, PodSubscription::batch);
                            } else if (message.getSubject().startsWith(USERS)) {
                                hear(listener, message, PodSubscription::hint);
                            } else if (message.getSubject().equals(event)) {
                                hear(listener, message, PodSubscription::event);
                            } else {
                                hear(listener, message, PodSubscription::chunk);
                            }
                        },
                        MAX_PENDING,
                        MAX_PENDING_BYTES,
                        Subjects.podResponse(pod),
                        event,
                        batch,
                        Subjects.BROADCAST_ALL,
                        Subjects.USER_SESSIONS_ALL);
        try {
            nats.connection().flush(Duration.ofSeconds(2));
        } catch (TimeoutException | IllegalStateException e) {
            // NATS is unavailable right now. The subscription is made when it is back, and then
            // every pod reads the log.
            LOG.atDebug().log("NATS did not confirm the pod's subscription yet");
        }
        return new PodSubscription(subscription);
    }

    private static void batch(byte[] data, RingListener listener) {
        RingBatch.Received received = RingBatch.decode(data);
        if (received.malformed() > 0) {
            LOG.atWarn()
                    .addKeyValue("malformed", received.malformed())
                    .addKeyValue("taken", received.rings().size())
                    .log("ignored malformed entries of a batch");
        }
        listener.rang(received.rings());
    }

    private static void chunk(byte[] data, RingListener listener) {
        Ring ring = Ring.decodeChunk(data);
        if (ring != null) {
            listener.rang(List.of(ring));
        } else {
            listener.plain(Chunk.decode(data));
        }
    }

    private static void event(byte[] data, RingListener listener) {
        ErasedNotice erased = ErasedNotice.decode(data);
        if (erased != null) {
            listener.erased(erased.session());
        } else {
            listener.rang(List.of(Ring.decodeEvent(data)));
        }
    }

    private static void hint(byte[] data, RingListener listener) {
        SessionHint hint = SessionHint.decode(data);
        listener.changed(hint.user(), hint.session());
    }

    private static void hear(
            RingListener listener, Message message, BiConsumer<byte[], RingListener> take) {
        byte[] data = message.getData() == null ? new byte[0] : message.getData();
        try {
            take.accept(data, listener);
        } catch (InvalidInput e) {
            LOG.atWarn()
                    .addKeyValue("subject", message.getSubject())
                    .addKeyValue("reason", e.getMessage())
                    .log("ignored a malformed ring");
        } catch (RuntimeException e) {
            // The client would swallow a listener's exception.
            LOG.atError()
                    .addKeyValue("subject", message.getSubject())
                    .setCause(e)
                    .log("handling a ring failed");
        }
    }

    @Override
    public void close() {
        subscription.close();
    }
}
