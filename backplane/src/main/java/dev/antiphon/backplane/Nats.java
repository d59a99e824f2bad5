package dev.antiphon.backplane;

import io.nats.client.AuthenticationException;
import io.nats.client.Connection;
import io.nats.client.ConnectionListener;
import io.nats.client.Consumer;
import io.nats.client.ErrorListener;
import io.nats.client.JetStreamSubscription;
import io.nats.client.Message;
import io.nats.client.Options;
import io.nats.client.support.Status;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;

/// The one connection of a process to NATS. It never gives up reconnecting; what is sent while it is away is
/// refused or dropped at a bound, and every user of it can bear that.
public final class Nats implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Nats.class);

    /// Messages not yet written to the socket; more are dropped and counted. A ring that is dropped is found in the
    /// log, an ack that is dropped means another delivery, a request that is dropped is not confirmed.
    private static final int MAX_OUTGOING = 65_536;

    private static final Duration RECONNECT_WAIT = Duration.ofMillis(250);

    private final Connection connection;
    private final String url;
    private final LongAdder dropped;
    private final AtomicBoolean away = new AtomicBoolean();
    private volatile boolean closing;
    private final List<Runnable> onReconnect = new CopyOnWriteArrayList<>();

    private Nats(Connection connection, String url, LongAdder dropped) {
        this.connection = connection;
        this.url = withoutSecrets(url);
        this.dropped = dropped;
        connection.addConnectionListener(this::connectionEvent);
    }

    /// Connects; waits for a server that is not there yet and says so once.
    ///
    /// @param name what the server's monitoring shows, for example `worker w1`
    /// @throws Unavailable when the server refuses us for good
    /// @throws InterruptedException when interrupted while waiting
    public static Nats open(String url, String name) throws InterruptedException {
        LongAdder dropped = new LongAdder();
        Options options = options(url, name, dropped);
        String shown = withoutSecrets(url);
        boolean said = false;
        while (true) {
            try {
                return new Nats(io.nats.client.Nats.connect(options), url, dropped);
            } catch (AuthenticationException e) {
                throw new Unavailable(
                        shown + " refuses us: " + e.getMessage() + "; check NATS_URL", e);
            } catch (IOException e) {
                if (!said) {
                    LOG.atWarn().addKeyValue("url", shown).log("waiting for NATS");
                    said = true;
                }
                TimeUnit.MILLISECONDS.sleep(2 * RECONNECT_WAIT.toMillis());
            }
        }
    }

    private static Options options(String url, String name, LongAdder dropped) {
        try {
            return Options.builder()
                    .server(url)
                    .connectionName(name)
                    .connectionTimeout(Duration.ofSeconds(2))
                    .maxReconnects(-1)
                    .reconnectWait(RECONNECT_WAIT)
                    .reconnectJitter(RECONNECT_WAIT)
                    .pingInterval(Duration.ofSeconds(5)) // a dead link is noticed within 15 s
                    .maxMessagesInOutgoingQueue(MAX_OUTGOING)
                    .discardMessagesWhenOutgoingQueueFull()
                    .errorListener(new Errors(dropped))
                    .build();
        } catch (IllegalArgumentException e) {
            // Without the cause, which repeats the URL with what is secret in it.
            throw new Unavailable("NATS_URL '" + withoutSecrets(url) + "' is not a NATS URL", null);
        }
    }

    /// A NATS URL may hold `user:password@` or `token@`.
    static String withoutSecrets(String url) {
        return url.replaceAll("[^/,\\s]*@", "");
    }

    public Connection connection() {
        return connection;
    }

    /// For messages to an operator; without user and password.
    public String url() {
        return url;
    }

    /// Whether the connection stands right now. Any thread.
    public boolean connected() {
        return connection.getStatus() == Connection.Status.CONNECTED;
    }

    /// How many messages were dropped because the outgoing buffer was full.
    public long dropped() {
        return dropped.sum();
    }

    /// Calls `action` each time the connection is back. It runs on a thread of the client and must not block.
    public void onReconnect(Runnable action) {
        onReconnect.add(action);
    }

    private void connectionEvent(Connection source, ConnectionListener.Events event) {
        switch (event) {
            case DISCONNECTED -> {
                // Also told for each try to reconnect that fails.
                if (away.compareAndSet(false, true)) {
                    LOG.atWarn().addKeyValue("url", url).log("NATS is away");
                }
            }
            case RESUBSCRIBED -> {
                away.set(false);
                LOG.atInfo().addKeyValue("url", url).log("NATS is back");
                onReconnect.forEach(Nats::runSafely);
            }
            case CLOSED -> {
                if (!closing) {
                    // The client gives up when it is refused twice, whatever we ask of it.
                    LOG.atError()
                            .addKeyValue("url", url)
                            .log("NATS refuses us for good; this process must be restarted");
                }
            }
            // RECONNECTED comes before the subscriptions stand again;
            // the others say nothing about now.
            case CONNECTED, RECONNECTED, DISCOVERED_SERVERS, LAME_DUCK -> {}
        }
    }

    /// The client would swallow what one action throws, together with the other actions.
    private static void runSafely(Runnable action) {
        try {
            action.run();
        } catch (RuntimeException e) {
            LOG.atError().setCause(e).log("what follows a reconnect broke");
        }
    }

    @Override
    public void close() {
        closing = true;
        try {
            if (connected()) {
                connection.flush(Duration.ofSeconds(1)); // acks and last rings
            }
        } catch (java.util.concurrent.TimeoutException e) {
            LOG.atDebug().log(
                    "NATS did not take the last messages in time"); // they are repeated or found
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        try {
            connection.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// What the client tells besides results. Nothing here decides anything; the callers' own timeouts do.
    private record Errors(LongAdder dropped) implements ErrorListener {

        @Override
        public void errorOccurred(Connection connection, String error) {
            LOG.atWarn().addKeyValue("error", error).log("NATS says");
        }

        @Override
        public void exceptionOccurred(Connection connection, Exception exception) {
            LOG.atDebug().setCause(exception).log("NATS connection");
        }

        @Override
        public void slowConsumerDetected(Connection connection, Consumer consumer) {
            LOG.atWarn()
                    .addKeyValue("dropped", consumer.getDroppedCount())
                    .log("rings come faster than they are taken; the log fills the gaps");
        }

        @Override
        public void messageDiscarded(Connection connection, Message message) {
            dropped.increment();
        }

        @Override
        public void pullStatusWarning(
                Connection connection, JetStreamSubscription subscription, Status status) {
            LOG.atDebug().addKeyValue("status", status.getMessage()).log("pull");
        }
    }
}
