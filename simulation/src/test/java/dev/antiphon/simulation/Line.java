package dev.antiphon.simulation;

import dev.antiphon.gateway.stream.EventOutlet;

import org.jspecify.annotations.Nullable;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;

/// A client's connection, one at a time. When it ends, the line connects to any pod again.
final class Line {

    private static final long RECONNECT_AFTER = 1_000_000_000;

    /// The behaviour of a client.
    interface Client {

        /// Asks a pod for the stream.
        void open(SimPod pod, Connection connection);

        /// A new connection begins.
        void begin();

        /// Takes one event.
        void frame(String frame);
    }

    private final World world;
    private final Scheduler scheduler;
    private final Client client;
    private @Nullable Connection connection;

    Line(World world, Client client) {
        this.world = world;
        this.scheduler = world.scheduler();
        this.client = client;
    }

    boolean isConnected() {
        return connection != null;
    }

    /// The pod that it is connected to; null when it is not.
    @Nullable SimPod pod() {
        return connection == null ? null : connection.pod;
    }

    boolean isOn(SimPod pod) {
        return connection != null && connection.pod == pod;
    }

    void connect() {
        SimPod pod = world.anyPod();
        if (pod == null) {
            scheduler.after(RECONNECT_AFTER / 2, this::connect);
            return;
        }
        Connection made = new Connection(pod);
        connection = made;
        client.begin();
        scheduler.after(made.latency(), () -> client.open(pod, made));
    }

    /// The network or the pod fails. Data on its way arrives in part.
    ///
    /// @param podLearns nanoseconds until the pod notices
    void cut(long podLearns) {
        Connection was = connection;
        if (was == null) {
            return;
        }
        was.arriveInPart();
        connection = null;
        scheduler.after(podLearns, was::clientLeft);
        scheduler.after(
                scheduler.random().nextLong(RECONNECT_AFTER, 2 * RECONNECT_AFTER), this::connect);
    }

    /// Reads slowly for a while from now on.
    void dawdle(long nanos) {
        if (connection != null) {
            connection.slowUntil = scheduler.now() + nanos;
        }
    }

    /// Takes an event as if it came from the pod.
    void hear(String frame) {
        if (connection == null) {
            throw new IllegalStateException("not connected");
        }
        client.frame(frame);
    }

    /// Ends the connection from the client's side.
    void hangUp() {
        if (connection != null) {
            connection.end();
        }
    }

    /// The pod's side of a stream.
    ///
    /// @param leave tells the pod that the client is gone
    /// @param drained tells the pod that it can write
    record Stream(Runnable leave, Runnable drained) {}

    /// One connection to one pod, with both ends.
    final class Connection implements EventOutlet {
        private final SimPod pod;
        private final Queue<byte[]> flying = new ArrayDeque<>();
        private final Queue<byte[]> waiting = new ArrayDeque<>();
        private final ByteArrayOutputStream unread = new ByteArrayOutputStream();
        private @Nullable Stream stream;
        private long slowUntil;
        private long lastArrival;
        private boolean closed;

        private Connection(SimPod pod) {
            this.pod = pod;
        }

        private long latency() {
            return scheduler.random().nextLong(100_000, 5_000_000);
        }

        void opened(Stream opened) {
            stream = opened;
            if (connection != this) {
                opened.leave().run();
            }
        }

        /// The pod notices that the client has gone.
        private void clientLeft() {
            pod.host()
                    .run(() -> {
                        closed = true;
                        if (stream != null) {
                            stream.leave().run();
                        }
                    });
        }

        @Override
        public void write(byte[] bytes) {
            if (closed) {
                return;
            }
            if (scheduler.now() < slowUntil || !waiting.isEmpty()) {
                waiting.add(bytes);
                scheduler.after(
                        scheduler.random().nextLong(100_000_000, 3_000_000_000L),
                        this::sendWaiting);
            } else {
                send(bytes);
            }
        }

        private void sendWaiting() {
            pod.host()
                    .run(() -> {
                        byte[] next = waiting.poll();
                        if (next != null) {
                            send(next);
                            if (waiting.isEmpty() && stream != null && !closed) {
                                stream.drained().run();
                            }
                        }
                    });
        }

        private void send(byte[] bytes) {
            flying.add(bytes);
            lastArrival = Math.max(lastArrival + 1, scheduler.now() + latency());
            scheduler.at(
                    lastArrival,
                    () -> {
                        byte[] next = flying.poll();
                        if (next != null && connection == this) {
                            arrived(next);
                        }
                    });
        }

        private void arrived(byte[] bytes) {
            unread.writeBytes(bytes);
            String text = unread.toString(StandardCharsets.UTF_8);
            int end = text.lastIndexOf("\n\n");
            if (end < 0) {
                return;
            }
            unread.reset();
            unread.writeBytes(text.substring(end + 2).getBytes(StandardCharsets.UTF_8));
            for (String frame : text.substring(0, end).split("\n\n", -1)) {
                client.frame(frame);
            }
        }

        private void arriveInPart() {
            int whole = flying.isEmpty() ? 0 : scheduler.random().nextInt(flying.size() + 1);
            for (int i = 0; i < whole; i++) {
                arrived(flying.remove());
            }
            byte[] cut = flying.peek();
            if (cut != null) {
                arrived(Arrays.copyOf(cut, scheduler.random().nextInt(cut.length)));
            }
            flying.clear();
        }

        @Override
        public boolean writable() {
            return waiting.isEmpty();
        }

        @Override
        public long bytesWaiting() {
            return waiting.stream().mapToLong(bytes -> bytes.length).sum();
        }

        @Override
        public void end() {
            close();
        }

        @Override
        public void abort() {
            close();
        }

        private void close() {
            if (closed) {
                return;
            }
            closed = true;
            lastArrival = Math.max(lastArrival + 1, scheduler.now() + latency());
            scheduler.at(
                    lastArrival,
                    () -> {
                        if (connection == this) {
                            cut(0);
                        }
                    });
        }
    }
}
