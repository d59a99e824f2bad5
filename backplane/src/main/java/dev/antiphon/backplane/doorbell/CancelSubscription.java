package dev.antiphon.backplane.doorbell;

import dev.antiphon.backplane.Nats;
import dev.antiphon.protocol.CancelNotice;
import dev.antiphon.protocol.InvalidInput;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.Subjects;

import io.nats.client.Dispatcher;
import io.nats.client.Message;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.function.BiConsumer;

/// A worker's ear for messages that were cancelled. A notice that is lost costs a model call some more tokens: the log has
/// fenced the run before the notice is sent.
public final class CancelSubscription implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(CancelSubscription.class);

    private final Nats nats;
    private final Dispatcher dispatcher;

    private CancelSubscription(Nats nats, Dispatcher dispatcher) {
        this.nats = nats;
        this.dispatcher = dispatcher;
    }

    /// Calls `listener` for each notice, on one thread; it must not block.
    public static CancelSubscription open(Nats nats, BiConsumer<SessionId, MessageId> listener) {
        Dispatcher dispatcher =
                nats.connection().createDispatcher(message -> hear(message, listener));
        dispatcher.subscribe(Subjects.CANCEL);
        return new CancelSubscription(nats, dispatcher);
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
        nats.connection().closeDispatcher(dispatcher);
    }
}
