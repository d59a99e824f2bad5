package dev.antiphon.backplane.doorbell;

import dev.antiphon.backplane.Nats;
import dev.antiphon.protocol.CancelNotice;
import dev.antiphon.protocol.InvalidInput;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.Subjects;

import io.nats.client.Message;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.function.BiConsumer;

/// A worker's subscription to cancelled messages. A lost notice costs some more tokens of a model call and nothing
/// else: the log has fenced the run before the notice is sent.
public final class CancelSubscription implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(CancelSubscription.class);

    /// Notices that the listener has not taken yet; more are dropped.
    private static final int MAX_PENDING = 65_536;

    private static final long MAX_PENDING_BYTES = 64L << 20;

    private final Nats.Subscription subscription;

    private CancelSubscription(Nats.Subscription subscription) {
        this.subscription = subscription;
    }

    /// Calls `listener` for each notice, on one thread; it must not block.
    public static CancelSubscription open(Nats nats, BiConsumer<SessionId, MessageId> listener) {
        return new CancelSubscription(
                nats.listen(
                        message -> hear(message, listener),
                        MAX_PENDING,
                        MAX_PENDING_BYTES,
                        Subjects.CANCEL));
    }

    private static void hear(Message message, BiConsumer<SessionId, MessageId> listener) {
        byte[] data = message.getData() == null ? new byte[0] : message.getData();
        try {
            CancelNotice notice = CancelNotice.decode(data);
            listener.accept(notice.session(), notice.message());
        } catch (InvalidInput e) {
            LOG.atWarn().addKeyValue("reason", e.getMessage()).log("ignored a malformed notice");
        }
    }

    @Override
    public void close() {
        subscription.close();
    }
}
