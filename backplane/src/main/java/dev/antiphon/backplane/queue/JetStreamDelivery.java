package dev.antiphon.backplane.queue;

import io.nats.client.Message;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;

/// A delivery from jnats. Acks are fire and forget: a lost ack means another delivery.
record JetStreamDelivery(Message message, StoredRequest request) implements Delivery {

    private static final Logger LOG = LoggerFactory.getLogger(JetStreamDelivery.class);

    static JetStreamDelivery of(Message message) {
        byte[] data = message.getData();
        return new JetStreamDelivery(
                message,
                new StoredRequest(
                        message.getSubject(),
                        data == null ? new byte[0] : data,
                        message.metaData().streamSequence(),
                        message.metaData().timestamp().toInstant(),
                        JetStreamQueue.isRepublished(message.getHeaders())));
    }

    @Override
    public boolean isAgain() {
        return message.metaData().deliveredCount() > 1;
    }

    @Override
    public void ack() {
        unlessAway(message::ack);
    }

    @Override
    public void retryAfter(Duration delay) {
        unlessAway(() -> message.nakWithDelay(delay));
    }

    @Override
    public void inProgress() {
        unlessAway(message::inProgress);
    }

    private static void unlessAway(Runnable settle) {
        try {
            settle.run();
        } catch (IllegalStateException e) {
            // The connection is closed or its buffer is full. The server delivers again after the
            // ack wait.
            LOG.debug("settling a delivery failed", e);
        }
    }
}
