package dev.antiphon.backplane.queue;

import dev.antiphon.backplane.Nats;
import dev.antiphon.backplane.Unavailable;

import io.nats.client.Connection;
import io.nats.client.Message;
import io.nats.client.PullRequestOptions;
import io.nats.client.Subscription;
import io.nats.client.support.Status;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/// Asks the workers' consumer for deliveries, over one inbox that stays while its thread pulls.
///
/// This class does not use jnats' own `fetch`. That gives up its inbox at the end of each pull, and a delivery on its
/// way there is lost until the ack wait is over; it cannot tell a removed consumer from an empty queue; and it waits
/// for a server that has forgotten the pull in a restart. Used by one thread.
final class Puller {

    private static final Logger LOG = LoggerFactory.getLogger(Puller.class);

    private static final String ASK =
            "$JS.API.CONSUMER.MSG.NEXT." + Topology.REQUESTS + "." + Topology.WORKERS;

    /// The server reports the end of a pull at most this long after the pull's time. It reports nothing to a caller
    /// whose consumer is gone, and forgets the report when a request arrives at that very moment.
    private static final Duration GRACE = Duration.ofMillis(250);

    /// How often a waiting pull checks that its server is still there.
    private static final Duration LOOK_EVERY = Duration.ofMillis(250);

    private static final Duration GIVE_BACK_WITHIN = Duration.ofSeconds(1);

    private static final int HEARTBEAT = 100;

    private final Nats nats;

    /// How often NATS came back: the server has then forgotten earlier pulls.
    private final AtomicLong reconnects = new AtomicLong();

    private @Nullable Subscription inbox;
    private String inboxPrefix = "";
    private long pulls;

    Puller(Nats nats) {
        this.nats = nats;
        nats.onReconnect(reconnects::incrementAndGet);
    }

    /// Asks for up to `most` deliveries and hands over each as it arrives. Returns when all have arrived, when `wait`
    /// is over or when the pull was lost with its server.
    ///
    /// @return false when the server did not report the end of the pull: check that the consumer exists
    /// @throws Unavailable when no server is connected
    /// @throws InterruptedException when interrupted; deliveries that were not handed over are returned to the queue
    boolean pull(int most, Duration wait, Consumer<Delivery> each) throws InterruptedException {
        if (!nats.connected()) {
            throw new Unavailable(nats.url() + " is unavailable", null);
        }
        try {
            long asked = reconnects.get();
            Subscription from = open();
            String reply = inboxPrefix + ++pulls;
            nats.connection().publish(ASK, reply, request(most, wait));
            long end = System.nanoTime() + wait.plus(GRACE).toNanos();
            return receive(from, reply, most, end, asked, each);
        } catch (InterruptedException e) {
            giveBack();
            throw e;
        } catch (IllegalStateException e) { // closed, or unavailable with a full buffer
            throw new Unavailable(nats.url() + " refused a pull: " + e.getMessage(), e);
        }
    }

    private Subscription open() {
        Subscription from = inbox;
        if (from == null || !from.isActive()) {
            Connection connection = nats.connection();
            inboxPrefix = connection.createInbox() + ".";
            from = connection.subscribe(inboxPrefix + "*");
            inbox = from;
        }
        return from;
    }

    private static byte[] request(int most, Duration wait) {
        return PullRequestOptions.builder(most).expiresIn(wait).build().serialize();
    }

    private boolean receive(
            Subscription from,
            String reply,
            int most,
            long end,
            long asked,
            Consumer<Delivery> each)
            throws InterruptedException {
        int left = most;
        while (left > 0) {
            Message message = from.nextMessage(LOOK_EVERY);
            if (message == null) {
                if (!nats.connected() || reconnects.get() != asked) {
                    return true;
                }
                if (System.nanoTime() - end > 0) {
                    return false;
                }
            } else if (message.isJetStream()) {
                left--;
                each.accept(JetStreamDelivery.of(message));
            } else if (message.isStatusMessage()
                    && message.getSubject().equals(reply)
                    && isOver(message.getStatus())) {
                return true;
            }
        }
        return true;
    }

    /// Whether a status is a regular end of the pull.
    private boolean isOver(Status status) {
        return switch (status.getCode()) {
            case HEARTBEAT -> false;
            case Status.NOT_FOUND_CODE, Status.REQUEST_TIMEOUT_CODE -> true;
            // The consumer was removed, JetStream is gone, or this pull cannot be served now.
            default ->
                    throw new Unavailable(
                            nats.url() + " failed to deliver: " + status.getMessageWithCode(),
                            null);
        };
    }

    /// Ends the pull at the server and returns the deliveries that arrived since, so that another worker gets them
    /// at once.
    void giveBack() {
        Subscription from = inbox;
        inbox = null;
        if (from == null) {
            return;
        }
        try {
            var _ = from.drain(GIVE_BACK_WITHIN);
            for (Message next = from.nextMessage(null);
                    next != null;
                    next = from.nextMessage(null)) {
                if (next.isJetStream()) {
                    next.nak();
                }
            }
        } catch (IllegalStateException e) {
            LOG.atDebug().setCause(e).log("drained, or NATS is closed");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
