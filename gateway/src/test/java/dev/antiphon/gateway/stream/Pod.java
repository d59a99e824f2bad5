package dev.antiphon.gateway.stream;

import dev.antiphon.backplane.history.Recent;
import dev.antiphon.gateway.stream.StreamCounters.StreamCount;
import dev.antiphon.protocol.ConnectionId;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.Ring;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/// A hub among models of its surroundings, and one session that is watched through it.
final class Pod {

    static final SessionId SESSION = new SessionId("s");
    static final UserId USER = new UserId("u");

    final ManualLoop loop = new ManualLoop();
    final ModelLog log = new ModelLog();
    final ModelRegistry registry = new ModelRegistry(log);
    final StreamCounters counters = new StreamCounters();

    /// The contents of the history; empty, unless a test sets them.
    Optional<Recent> recent = Optional.empty();

    final Hub hub =
            new Hub(
                    loop,
                    log,
                    (_, _) -> CompletableFuture.completedStage(recent),
                    new ModelLists(),
                    registry,
                    this::nextId,
                    counters);
    private int ids;

    private ConnectionId nextId() {
        return new ConnectionId("conn_" + ++ids);
    }

    Client connect() {
        return connect(new Cursor.None());
    }

    Client connectAfter(EntryId last) {
        return connect(new Cursor.At(last));
    }

    Client connect(Cursor from) {
        Client client = new Client();
        open(client, from);
        loop.settle();
        return client;
    }

    /// Opens a connection without running any task yet.
    Subscriber open(Client client, Cursor from) {
        return hub.open(SESSION, USER, from, client::opened);
    }

    /// A worker appends this many chunks. They are in the log; no ring follows.
    List<Entry> appended(int chunks) {
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < chunks; i++) {
            entries.add(log.append(EventName.CHUNK, "{\"n\":" + (log.entries().size() + 1) + "}"));
        }
        return entries;
    }

    /// A worker appends this many chunks and rings.
    void streamed(int chunks) {
        ring(appended(chunks));
    }

    /// Rings these entries, which reach the loop together.
    void ring(List<Entry> entries) {
        entries.forEach(entry -> hub.rang(new Ring(SESSION, entry)));
        loop.settle();
    }

    void ring(Entry entry) {
        ring(List.of(entry));
    }

    /// Lets time pass and runs the due timers.
    void pass(Duration time) {
        for (long left = time.toNanos(); left > 0; left -= Hub.TICK.toNanos()) {
            loop.pass(Hub.TICK);
            hub.tick();
            loop.settle();
        }
    }

    long count(StreamCount count) {
        return counters.of(count);
    }
}
