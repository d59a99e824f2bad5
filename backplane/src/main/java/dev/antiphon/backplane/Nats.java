package dev.antiphon.backplane;

import io.nats.client.AuthenticationException;
import io.nats.client.Connection;
import io.nats.client.ConnectionListener;
import io.nats.client.Consumer;
import io.nats.client.Dispatcher;
import io.nats.client.ErrorListener;
import io.nats.client.JetStreamSubscription;
import io.nats.client.Message;
import io.nats.client.MessageHandler;
import io.nats.client.Options;
import io.nats.client.support.Status;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;

/// The only connection of a process to NATS. It never gives up: the client library closes itself permanently when a server
/// refuses its log-in twice, and then a new client replaces it, with the same subscriptions. Messages that are sent
/// while NATS is unavailable are refused, or dropped at a limit; every caller can tolerate both.
public final class Nats implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Nats.class);

    /// Messages not yet written to the socket; more are dropped and counted. The reader of the log finds the entry of a
    /// dropped ring, a dropped ack means another delivery, and a dropped request is not confirmed.
    private static final int MAX_OUTGOING = 65_536;

    private static final Duration RECONNECT_WAIT = Duration.ofMillis(250);

    /// Pause between two log-ins of a new client; the server can refuse each of them.
    private static final Duration REPLACE_WAIT = Duration.ofSeconds(1);

    private final Options options;
    private final String url;
    private final LongAdder dropped;
    private final AtomicBoolean unavailable = new AtomicBoolean();
    private final List<Runnable> onReconnect = new CopyOnWriteArrayList<>();

    /// Guards changes of `connection`, `subscriptions` and `closing`, so that each subscription is on the newest client.
    private final Object lock = new Object();

    private volatile Connection connection;
    private volatile boolean closing;

    private final Set<Subscription> subscriptions = new LinkedHashSet<>();

    private Nats(Connection connection, Options options, String url, LongAdder dropped) {
        this.connection = connection;
        this.options = options;
        this.url = withoutSecrets(url);
        this.dropped = dropped;
        connection.addConnectionListener(this::connectionEvent);
    }

    /// Connects; waits until the server is available and logs this once.
    ///
    /// @param name shown by the server's monitoring, for example `worker w1`
    /// @throws Unavailable when the server refuses the connection permanently
    /// @throws InterruptedException when interrupted while waiting
    public static Nats open(String url, String name) throws InterruptedException {
        LongAdder dropped = new LongAdder();
        Options options = options(url, name, dropped);
        String shown = withoutSecrets(url);
        boolean said = false;
        while (true) {
            try {
                return new Nats(io.nats.client.Nats.connect(options), options, url, dropped);
            } catch (AuthenticationException e) {
                throw new Unavailable(
                        shown + " refused the connection: " + e.getMessage() + "; check NATS_URL",
                        e);
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
                    .pingInterval(Duration.ofSeconds(5)) // notices a dead link within 15 s
                    .maxMessagesInOutgoingQueue(MAX_OUTGOING)
                    .discardMessagesWhenOutgoingQueueFull()
                    .errorListener(new Errors(dropped, new AtomicReference<>("")))
                    .build();
        } catch (IllegalArgumentException e) {
            // Without the cause, which repeats the URL with the secrets in it.
            throw new Unavailable("NATS_URL '" + withoutSecrets(url) + "' is not a NATS URL", null);
        }
    }

    /// A NATS URL can contain `user:password@` or `token@`.
    static String withoutSecrets(String url) {
        return url.replaceAll("[^/,\\s]*@", "");
    }

    /// The current client. Do not keep it: another one can replace it.
    public Connection connection() {
        return connection;
    }

    /// One or more subjects with one handler on one thread, on the client of the moment.
    public final class Subscription implements AutoCloseable {
        private final MessageHandler handler;
        private final long mostMessages;
        private final long mostBytes;
        private final List<String> subjects;

        /// Guarded by `lock`.
        private @Nullable Dispatcher dispatcher;

        private Subscription(
                MessageHandler handler, long mostMessages, long mostBytes, List<String> subjects) {
            this.handler = handler;
            this.mostMessages = mostMessages;
            this.mostBytes = mostBytes;
            this.subjects = subjects;
        }

        private void listen() {
            Dispatcher fresh = connection.createDispatcher(handler);
            fresh.setPendingLimits(mostMessages, mostBytes);
            subjects.forEach(fresh::subscribe);
            dispatcher = fresh;
        }

        @Override
        public void close() {
            synchronized (lock) {
                subscriptions.remove(this);
                if (dispatcher != null && dispatcher.isActive()) {
                    connection.closeDispatcher(dispatcher);
                }
            }
        }
    }

    /// Calls `handler` for each message on the subjects, on one thread and in order, until the subscription is closed.
    ///
    /// @param mostMessages messages not yet handled, 1 or more; further ones are dropped
    /// @param mostBytes as `mostMessages`, by their size
    public Subscription listen(
            MessageHandler handler, long mostMessages, long mostBytes, String... subjects) {
        Subscription subscription =
                new Subscription(handler, mostMessages, mostBytes, List.of(subjects));
        synchronized (lock) {
            subscriptions.add(subscription);
            if (connection.getStatus() != Connection.Status.CLOSED) {
                subscription.listen(); // otherwise the next client does it
            }
        }
        return subscription;
    }

    /// For messages to an operator; without user and password.
    public String url() {
        return url;
    }

    /// Whether the connection is open right now. Any thread.
    public boolean connected() {
        return connection.getStatus() == Connection.Status.CONNECTED;
    }

    /// How many messages were dropped because the outgoing buffer was full.
    public long dropped() {
        return dropped.sum();
    }

    /// Calls `action` each time the connection is open again. It runs on a thread of the client and must not block.
    public void onReconnect(Runnable action) {
        onReconnect.add(action);
    }

    private void connectionEvent(Connection source, ConnectionListener.Events event) {
        switch (event) {
            case DISCONNECTED -> {
                // Also reported for each failed reconnect.
                if (source.equals(connection) && unavailable.compareAndSet(false, true)) {
                    LOG.atWarn().addKeyValue("url", url).log("NATS unavailable, reconnecting");
                }
            }
            case RESUBSCRIBED -> {
                if (source.equals(connection)) {
                    back();
                }
            }
            case CLOSED -> closed(source);
            // RECONNECTED comes before the subscriptions are active again; the other events do not
            // describe the present state.
            case CONNECTED, RECONNECTED, DISCOVERED_SERVERS, LAME_DUCK -> {}
        }
    }

    private void back() {
        unavailable.set(false);
        LOG.atInfo().addKeyValue("url", url).log("NATS available again");
        onReconnect.forEach(Nats::runSafely);
    }

    /// The client library has given up.
    private void closed(Connection source) {
        synchronized (lock) {
            if (closing || !source.equals(connection)) {
                return;
            }
        }
        LOG.atError()
                .addKeyValue("url", url)
                .addKeyValue("reason", source.getLastError())
                .log("NATS refused the log-in twice, retrying with a new client; check NATS_URL");
        Thread.startVirtualThread(this::replace);
    }

    private void replace() {
        try {
            while (!closing) {
                Connection fresh = connectOnce();
                if (fresh != null) {
                    take(fresh);
                    return;
                }
                TimeUnit.MILLISECONDS.sleep(REPLACE_WAIT.toMillis());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private @Nullable Connection connectOnce() throws InterruptedException {
        try {
            return io.nats.client.Nats.connect(options);
        } catch (IOException e) { // refused again, or unavailable
            LOG.atDebug()
                    .addKeyValue("url", url)
                    .setCause(e)
                    .log("a new client failed to connect, retrying");
            return null;
        }
    }

    /// Replaces the closed client with a new one.
    private void take(Connection fresh) throws InterruptedException {
        synchronized (lock) {
            if (closing) {
                fresh.close();
                return;
            }
            connection = fresh;
            try {
                subscriptions.forEach(Subscription::listen);
            } catch (IllegalStateException e) { // already closed
                LOG.atDebug().addKeyValue("url", url).setCause(e).log("closed at once");
            }
        }
        fresh.addConnectionListener(this::connectionEvent);
        if (fresh.getStatus() == Connection.Status.CLOSED) {
            closed(fresh); // before the listener was there
        } else {
            back();
        }
    }

    /// The client would swallow an action's exception, and skip the other actions.
    private static void runSafely(Runnable action) {
        try {
            action.run();
        } catch (RuntimeException e) {
            LOG.atError().setCause(e).log("an action after a reconnect failed");
        }
    }

    @Override
    public void close() {
        synchronized (lock) {
            closing = true;
        }
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

    /// Errors and warnings that the client reports. They decide nothing here; the callers' own timeouts do.
    private record Errors(LongAdder dropped, AtomicReference<String> last)
            implements ErrorListener {

        @Override
        public void errorOccurred(Connection connection, String error) {
            // Each retry of a refused log-in ends in the same error.
            Level level = error.equals(last.getAndSet(error)) ? Level.DEBUG : Level.WARN;
            LOG.atLevel(level).addKeyValue("error", error).log("NATS says");
        }

        @Override
        public void exceptionOccurred(Connection connection, Exception exception) {
            LOG.atDebug().setCause(exception).log("NATS connection");
        }

        @Override
        public void slowConsumerDetected(Connection connection, Consumer consumer) {
            LOG.atWarn()
                    .addKeyValue("dropped", consumer.getDroppedCount())
                    .log(
                            "rings arrive faster than they are handled and are dropped; the log fills the gaps");
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
