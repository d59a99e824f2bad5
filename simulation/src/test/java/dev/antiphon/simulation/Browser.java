package dev.antiphon.simulation;

import dev.antiphon.gateway.stream.Cursor;
import dev.antiphon.gateway.stream.Outlet;
import dev.antiphon.gateway.stream.Subscriber;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;

/// A tab with an `EventSource`: it comes back with the last id that it got, to any pod, and believes everything it is told.
/// It drops no doubles and mends no gaps, so that whoever looks at what it received sees them.
final class Browser {

    private static final long RECONNECT_AFTER = 1_000_000_000;

    private final World world;
    private final Scheduler scheduler;
    private final SessionId session;
    private final UserId user;

    /// What was received since the last resync.
    private final List<Entry> received = new ArrayList<>();

    private @Nullable EntryId lastId;
    private @Nullable Connection connection;
    private boolean historyComes;

    private final Map<MessageId, String> history = new HashMap<>();

    Browser(World world, SessionId session, UserId user) {
        this.world = world;
        this.scheduler = world.scheduler();
        this.session = session;
        this.user = user;
    }

    SessionId session() {
        return session;
    }

    @Nullable EntryId lastId() {
        return lastId;
    }

    List<Entry> received() {
        return received;
    }

    /// What resyncs have brought.
    Map<MessageId, String> history() {
        return history;
    }

    /// Whether the last resync brought all that was said before it.
    boolean hasHistory() {
        return historyComes;
    }

    boolean isConnected() {
        return connection != null;
    }

    /// Whether a worker would ring the pod for this one.
    boolean isRegistered() {
        Connection on = connection;
        return on != null
                && world.redis().membersOf(session).stream()
                        .anyMatch(member -> member.pod().equals(on.pod.id()));
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
        Cursor from = lastId == null ? new Cursor.None() : new Cursor.At(lastId);
        scheduler.after(made.latency(), () -> pod.connect(session, user, from, made));
    }

    /// The network or the pod is gone. What was under way arrives in part.
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

    /// From now on for a while it reads slowly.
    void dawdle(long nanos) {
        if (connection != null) {
            connection.slowUntil = scheduler.now() + nanos;
        }
    }

    /// Takes a frame as if it came from its pod.
    void hear(String frame) {
        if (connection == null) {
            throw new IllegalStateException("not connected");
        }
        frame(connection, frame);
    }

    private void frame(Connection from, String frame) {
        EntryId id = null;
        String event = "";
        String data = "";
        for (String line : frame.split("\n", -1)) {
            if (line.startsWith("id: ")) {
                id = EntryId.parse(line.substring(4));
            } else if (line.startsWith("event: ")) {
                event = line.substring(7);
            } else if (line.startsWith("data: ")) {
                data = line.substring(6);
            }
        }
        if (event.isEmpty()) {
            return; // a comment
        }
        switch (EventName.of(event)) {
            case MESSAGE, CHUNK, MESSAGE_COMPLETE -> {
                if (id == null) {
                    world.chronicle().violated("I4", "an entry without an id");
                } else {
                    entry(from, new Entry(id, EventName.of(event), bytes(data)));
                }
            }
            case RESYNC -> {
                received.clear();
                lastId = id;
                remember(data);
                if (!world.chronicle().logsWereLost()) {
                    world.chronicle().violated("I4", "a resync though no log lost anything");
                }
            }
            case CONNECTED ->
                    from.id = new dev.antiphon.protocol.ConnectionId(data.split("\"", -1)[3]);
            case REFUSED -> from.foreign();
            case STATUS -> {}
            case SESSION ->
                    world.chronicle().violated("I4", "a stream of one session names another one");
            case LIST -> world.chronicle().violated("I4", "a stream tells a list unasked");
        }
    }

    private void remember(String resync) {
        historyComes = false;
        for (JsonNode turn : Json.readObject(bytes(resync)).path("messages")) {
            history.put(
                    new MessageId(turn.path("message_id").stringValue("")),
                    turn.path("answer").stringValue(""));
            historyComes = true;
        }
    }

    private void entry(Connection from, Entry entry) {
        EntryId before = lastId;
        if (before == null) {
            boolean begins =
                    from.id != null
                            && world.chronicle().starts(from.id).stream()
                                    .anyMatch(start -> continues(start, entry));
            if (!begins) {
                world.chronicle().violated("I4", "a stream begins at " + entry.id());
            }
        } else if (!continues(before, entry)) {
            world.chronicle().violated("I4", entry.id() + " does not continue " + before);
        }
        lastId = entry.id();
        received.add(entry);
    }

    private static boolean continues(EntryId before, Entry entry) {
        return before.next(entry.event(), entry.data()).equals(entry.id());
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /// One connection to one pod, from both ends.
    final class Connection implements Outlet {
        private final SimPod pod;
        private final Queue<byte[]> flying = new ArrayDeque<>();
        private final Queue<byte[]> waiting = new ArrayDeque<>();
        private final ByteArrayOutputStream unread = new ByteArrayOutputStream();
        private dev.antiphon.protocol.@Nullable ConnectionId id;
        private @Nullable Subscriber subscriber;
        private long slowUntil;
        private long lastArrival;
        private boolean closed;

        private Connection(SimPod pod) {
            this.pod = pod;
        }

        private long latency() {
            return scheduler.random().nextLong(100_000, 5_000_000);
        }

        void opened(Subscriber opened) {
            subscriber = opened;
            if (connection != this) {
                opened.leave();
            }
        }

        void foreign() {
            if (world.chronicle().of(Chronicle.Count.LOSS) == 0) {
                world.chronicle().violated("I4", "the owner is told that the session is another's");
            }
            end();
        }

        /// The pod notices that the browser has gone.
        private void clientLeft() {
            pod.host()
                    .run(() -> {
                        closed = true;
                        if (subscriber != null) {
                            subscriber.leave();
                        }
                    });
        }

        @Override
        public void write(byte[] bytes) {
            if (closed) {
                return;
            }
            if (scheduler.now() < slowUntil) {
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
                            if (waiting.isEmpty() && subscriber != null && !closed) {
                                subscriber.drained();
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
            unread.writeBytes(Browser.bytes(text.substring(end + 2)));
            for (String frame : text.substring(0, end).split("\n\n", -1)) {
                frame(this, frame);
            }
        }

        private void arriveInPart() {
            int whole = flying.isEmpty() ? 0 : scheduler.random().nextInt(flying.size() + 1);
            for (int i = 0; i < whole; i++) {
                arrived(flying.remove());
            }
            byte[] cut = flying.peek();
            if (cut != null) {
                arrived(java.util.Arrays.copyOf(cut, scheduler.random().nextInt(cut.length)));
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
