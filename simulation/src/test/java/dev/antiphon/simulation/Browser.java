package dev.antiphon.simulation;

import dev.antiphon.gateway.stream.Cursor;
import dev.antiphon.protocol.ConnectionId;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// A tab with an `EventSource`: it reconnects with the last id that it got, to any pod, and accepts every event. It
/// does not drop doubles or fill gaps, so that the checker sees them.
final class Browser {

    private final World world;
    private final SessionId session;

    /// The entries received since the last resync.
    private final List<Entry> received = new ArrayList<>();

    private @Nullable EntryId lastId;
    private @Nullable ConnectionId connection;
    private boolean historyComes;

    private final Map<MessageId, String> history = new HashMap<>();

    private final Line line;

    /// A tab with a stream of its own.
    Browser(World world, SessionId session, UserId user) {
        this.world = world;
        this.session = session;
        this.line = new Line(world, new Alone(user));
    }

    /// A tab whose events come over a stream of several.
    Browser(World world, SessionId session, Line line) {
        this.world = world;
        this.session = session;
        this.line = line;
    }

    /// The behaviour of a tab with its own stream.
    private final class Alone implements Line.Client {
        private final UserId user;

        Alone(UserId user) {
            this.user = user;
        }

        @Override
        public void open(SimPod pod, Line.Connection to) {
            pod.connect(session, user, cursor(), to, Browser.this::isToldForeign);
        }

        @Override
        public void begin() {
            Browser.this.begin();
        }

        @Override
        public void frame(String frame) {
            Browser.this.frame(frame);
        }
    }

    /// The position from which it wants to continue.
    Cursor cursor() {
        return lastId == null ? new Cursor.None() : new Cursor.At(lastId);
    }

    /// A new connection begins.
    void begin() {
        connection = null;
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

    /// The turns that resyncs have brought.
    Map<MessageId, String> history() {
        return history;
    }

    /// Whether the last resync brought all text from before it.
    boolean hasHistory() {
        return historyComes;
    }

    Line line() {
        return line;
    }

    boolean isConnected() {
        return line.isConnected();
    }

    /// Whether a worker would ring the pod for this one.
    boolean isRegistered() {
        SimPod on = line.pod();
        return on != null
                && world.redis().membersOf(session).stream()
                        .anyMatch(member -> member.pod().equals(on.id()));
    }

    void isToldForeign() {
        if (world.chronicle().of(Chronicle.Count.LOSS) == 0) {
            world.chronicle()
                    .violated(
                            "I4",
                            "the owner gets the answer that the session belongs to another user");
        }
    }

    /// Takes one event of its session.
    void frame(String frame) {
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
                    entry(new Entry(id, EventName.of(event), bytes(data)));
                }
            }
            case RESYNC -> {
                received.clear();
                lastId = id;
                remember(data);
                if (!world.chronicle().logsWereLost()) {
                    world.chronicle().violated("I4", "a resync, although no log lost an entry");
                }
            }
            case CONNECTED -> connection = new ConnectionId(data.split("\"", -1)[3]);
            case REFUSED -> {
                isToldForeign();
                line.hangUp();
            }
            case STATUS -> {}
            case SESSION ->
                    world.chronicle().violated("I4", "a stream of one session names another one");
            case LIST ->
                    world.chronicle().violated("I4", "a stream sends a list without a request");
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

    private void entry(Entry entry) {
        EntryId before = lastId;
        if (before == null) {
            boolean begins =
                    connection != null
                            && world.chronicle().starts(connection).stream()
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
}
