package dev.antiphon.backplane.queue;

import io.nats.client.Message;

import java.time.Duration;
import java.time.Instant;

/// A delivery as jnats hands it out. Acks are fire and forget: one that is lost means another delivery.
record JetStreamDelivery(Message message) implements Delivery {

    @Override
    public String subject() {
        return message.getSubject();
    }

    @Override
    public byte[] data() {
        byte[] data = message.getData();
        return data == null ? new byte[0] : data;
    }

    @Override
    public long sequence() {
        return message.metaData().streamSequence();
    }

    @Override
    public Instant stored() {
        return message.metaData().timestamp().toInstant();
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
            // The connection is closed or cannot take more: the server delivers again after the ack
            // wait.
            org.slf4j.LoggerFactory.getLogger(JetStreamDelivery.class).debug("not settled", e);
        }
    }
}
