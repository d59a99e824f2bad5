package dev.antiphon.backplane.doorbell;

import dev.antiphon.backplane.Nats;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.InvalidInput;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.Ring;
import dev.antiphon.protocol.Subjects;

import io.nats.client.Message;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.concurrent.TimeoutException;

/// One pod's ear: its two subjects and the plain workers' broadcasts on one thread, so that entries of one session come in
/// the order they were rung.
public final class PodSubscription implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(PodSubscription.class);

    /// Rings not yet taken by the listener; more are dropped by the client and found in the log.
    private static final int MAX_PENDING = 65_536;

    private static final long MAX_PENDING_BYTES = 64L << 20;

    private final Nats.Ear ear;

    private PodSubscription(Nats.Ear ear) {
        this.ear = ear;
    }

    /// Listens for `pod` from now on; returns when the server knows.
    public static PodSubscription open(Nats nats, PodId pod, RingListener listener)
            throws InterruptedException {
        String event = Subjects.podEvent(pod);
        nats.onReconnect(listener::reconnected);
        Nats.Ear ear =
                nats.listen(
                        message -> hear(listener, message, !message.getSubject().equals(event)),
                        MAX_PENDING,
                        MAX_PENDING_BYTES,
                        Subjects.podResponse(pod),
                        event,
                        Subjects.BROADCAST_ALL);
        try {
            nats.connection().flush(Duration.ofSeconds(2));
        } catch (TimeoutException | IllegalStateException e) {
            // Away right now: the subscription is made when it is back,
            // and then everybody reads the log.
            LOG.atDebug().log("NATS did not confirm the pod's subscription yet");
        }
        return new PodSubscription(ear);
    }

    private static void hear(RingListener listener, Message message, boolean chunk) {
        byte[] data = message.getData() == null ? new byte[0] : message.getData();
        try {
            Ring ring = chunk ? Ring.decodeChunk(data) : Ring.decodeEvent(data);
            if (ring != null) {
                listener.rang(ring);
            } else {
                listener.plain(Chunk.decode(data));
            }
        } catch (InvalidInput e) {
            LOG.atWarn()
                    .addKeyValue("subject", message.getSubject())
                    .addKeyValue("reason", e.getMessage())
                    .log("ignored a malformed ring");
        } catch (RuntimeException e) {
            // The client would swallow what a listener throws.
            LOG.atError()
                    .addKeyValue("subject", message.getSubject())
                    .setCause(e)
                    .log("handling a ring failed");
        }
    }

    @Override
    public void close() {
        ear.close();
    }
}
