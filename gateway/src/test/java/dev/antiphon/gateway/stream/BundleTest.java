package dev.antiphon.gateway.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.backplane.log.LogReader;
import dev.antiphon.backplane.log.Slice;
import dev.antiphon.backplane.registry.Attach;
import dev.antiphon.backplane.registry.ConnectionRegistry;
import dev.antiphon.gateway.stream.Client.Event;
import dev.antiphon.protocol.ConnectionId;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.Ring;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/// Several sessions in one stream: each arrives as in a stream of its own.
final class BundleTest {

    private static final UserId USER = new UserId("u");

    /// A session with models of its surroundings.
    private static final class Session {

        final SessionId id;
        final ModelLog log = new ModelLog();
        final ModelRegistry registry = new ModelRegistry(log);

        Session(String id) {
            this.id = new SessionId(id);
        }

        List<Entry> appended(int chunks) {
            List<Entry> entries = new ArrayList<>();
            for (int i = 0; i < chunks; i++) {
                String data = "{\"s\":\"%s\",\"n\":%d}".formatted(id, log.entries().size() + 1);
                entries.add(log.append(EventName.CHUNK, data));
            }
            return entries;
        }
    }

    private final ManualLoop loop = new ManualLoop();
    private final Map<SessionId, Session> sessions = new LinkedHashMap<>();
    private final Session a = session("a");
    private final Session b = session("b");
    private int ids;
    private final Hub hub =
            new Hub(
                    loop,
                    new LogReader() {
                        @Override
                        public CompletionStage<Slice> read(
                                SessionId session, EntryId after, int most) {
                            return of(session).log.read(session, after, most);
                        }

                        @Override
                        public CompletionStage<Optional<EntryId>> tail(SessionId session) {
                            return of(session).log.tail(session);
                        }
                    },
                    (_, _) -> CompletableFuture.completedStage(Optional.empty()),
                    new ModelLists(),
                    new ConnectionRegistry() {
                        @Override
                        public CompletionStage<Attach> attach(
                                SessionId session,
                                UserId user,
                                ConnectionId connection,
                                boolean register) {
                            return of(session).registry.attach(session, user, connection, register);
                        }

                        @Override
                        public CompletionStage<Void> detach(
                                SessionId session, ConnectionId connection) {
                            return of(session).registry.detach(session, connection);
                        }

                        @Override
                        public CompletionStage<Void> refresh(
                                SessionId session, ConnectionId connection) {
                            return of(session).registry.refresh(session, connection);
                        }

                        @Override
                        public CompletionStage<Void> seen(SessionId session, long unseen) {
                            return of(session).registry.seen(session, unseen);
                        }

                        @Override
                        public CompletionStage<Void> purge() {
                            return a.registry.purge();
                        }
                    },
                    () -> new ConnectionId("conn_" + ++ids),
                    new StreamCounters());

    private Session session(String id) {
        Session session = new Session(id);
        sessions.put(session.id, session);
        return session;
    }

    private Session of(SessionId id) {
        Session session = sessions.get(id);
        if (session == null) {
            throw new IllegalArgumentException("no session " + id);
        }
        return session;
    }

    private static List<Bundle.Wanted> wanted(Map<SessionId, Cursor> from) {
        return from.entrySet().stream()
                .map(each -> new Bundle.Wanted(each.getKey(), each.getValue()))
                .toList();
    }

    private Client open(Map<SessionId, Cursor> from) {
        Client client = new Client();
        client.reads(Bundle.open(hub, USER, wanted(from), false, client));
        loop.settle();
        return client;
    }

    private Client open(Session... wanted) {
        Map<SessionId, Cursor> from = new LinkedHashMap<>();
        for (Session each : wanted) {
            from.put(each.id, new Cursor.None());
        }
        return open(from);
    }

    private void ring(Session session, List<Entry> entries) {
        entries.forEach(entry -> hub.rang(new Ring(session.id, entry)));
        loop.settle();
    }

    private void pass(Duration time) {
        for (long left = time.toNanos(); left > 0; left -= Hub.TICK.toNanos()) {
            loop.pass(Hub.TICK);
            hub.tick();
            loop.settle();
        }
    }

    /// The events of each session, according to the events that name it.
    private static Map<String, List<Event>> bySession(Client client) {
        Map<String, List<Event>> found = new HashMap<>();
        String session = "";
        for (Event event : client.events()) {
            if (event.name().equals("session")) {
                session = event.data().split("\"", -1)[3];
            } else {
                found.computeIfAbsent(session, _ -> new ArrayList<>()).add(event);
            }
        }
        return found;
    }

    private static List<Long> numbers(Client client, Session session) {
        return bySession(client).getOrDefault(session.id.value(), List.of()).stream()
                .filter(event -> event.id() != null)
                .peek(event -> assertThat(event.data()).contains("\"s\":\"" + session.id + "\""))
                .map(event -> Long.parseLong(String.valueOf(event.id()).split("\\.", -1)[1]))
                .toList();
    }

    private static List<Long> range(int first, int last) {
        List<Long> numbers = new ArrayList<>();
        for (long number = first; number <= last; number++) {
            numbers.add(number);
        }
        return numbers;
    }

    @Test
    void eachEventFollowsTheNameOfItsSessionAndIsItsFrame() {
        Client client = open(a, b);
        Entry first = a.appended(1).getFirst();
        ring(a, List.of(first));
        assertThat(client.text())
                .startsWith(
                        """
                        : ping

                        event: session
                        data: {"session_id":"a","index":0}

                        event: connected
                        data: {"connection_id":"conn_1","session_id":"a"}
                        retry: 1000

                        event: session
                        data: {"session_id":"b","index":1}

                        event: connected
                        data: {"connection_id":"conn_2","session_id":"b"}
                        retry: 1000

                        event: session
                        data: {"session_id":"a","index":0}

                        id: %s
                        """
                                .formatted(first.id()));
    }

    @Test
    void theNameIsSaidOnceForWhatFollowsInTheSameSession() {
        Client client = open(a, b);
        ring(a, a.appended(3));
        ring(a, a.appended(3));
        assertThat(client.names().stream().filter("session"::equals)).hasSize(3);
        assertThat(numbers(client, a)).isEqualTo(range(1, 6));
    }

    @Test
    void eachSessionContinuesAtItsOwnCursor() {
        a.appended(9);
        b.appended(5);
        Client client =
                open(
                        Map.of(
                                a.id, new Cursor.At(a.log.idOf(7)),
                                b.id, new Cursor.At(b.log.idOf(2))));
        assertThat(numbers(client, a)).isEqualTo(range(8, 9));
        assertThat(numbers(client, b)).isEqualTo(range(3, 5));
    }

    @Test
    void theSameSessionTwiceIsTwoPlacesInIt() {
        a.appended(3);
        Client client = new Client();
        client.reads(
                Bundle.open(
                        hub,
                        USER,
                        List.of(
                                new Bundle.Wanted(a.id, new Cursor.At(a.log.idOf(1))),
                                new Bundle.Wanted(a.id, new Cursor.At(a.log.idOf(2)))),
                        false,
                        client));
        loop.settle();
        assertThat(numbers(client, a)).containsExactly(2L, 3L, 3L);
        assertThat(client.text()).contains("\"index\":0").contains("\"index\":1");
    }

    @Test
    void anothersSessionIsRefusedAndTheOthersContinue() {
        b.registry.ownedBy(new UserId("somebody_else"));
        b.appended(2);
        Client client = open(a, b);
        ring(b, b.appended(1));
        ring(a, a.appended(1));
        assertThat(bySession(client).get("b")).extracting(Event::name).containsExactly("refused");
        assertThat(numbers(client, a)).isEqualTo(range(1, 1));
        assertThat(client.ended()).isFalse();
        assertThat(hub.connections()).isEqualTo(1);
    }

    @Test
    void aStreamOfNothingButOthersSessionsEnds() {
        a.registry.ownedBy(new UserId("somebody_else"));
        b.registry.ownedBy(new UserId("somebody_else"));
        Client client = open(a, b);
        assertThat(client.ended()).isTrue();
        assertThat(hub.connections()).isZero();
    }

    @Test
    void aSessionThatRedisCannotReadYetWaitsAndTheOthersContinue() {
        b.appended(2);
        b.registry.readersStartAt(0);
        b.registry.replies.away();
        Client client = open(a, b);
        ring(a, a.appended(2));
        assertThat(numbers(client, a)).isEqualTo(range(1, 2));
        assertThat(numbers(client, b)).isEmpty();
        b.registry.replies.back();
        pass(Duration.ofSeconds(2));
        assertThat(numbers(client, b)).isEqualTo(range(1, 2));
    }

    @Test
    void aSlowClientCostsOneWriteHoweverManySessionsItWatches() {
        Client client = open(a, b);
        client.stopReading();
        ring(a, a.appended(100));
        ring(b, b.appended(100));
        int writes = client.writes().size();
        ring(a, a.appended(100));
        ring(b, b.appended(100));
        assertThat(client.writes()).hasSize(writes);
        client.readAgain();
        assertThat(numbers(client, a)).isEqualTo(range(1, 200));
        assertThat(numbers(client, b)).isEqualTo(range(1, 200));
    }

    @Test
    void aReadThatIsAnsweredWhenAnotherSessionHasWrittenIsRepeated() {
        a.appended(400);
        a.registry.readersStartAt(0);
        a.log.replies.hold();
        Client client = open(a, b);
        client.stopReading();
        ring(b, b.appended(1));
        int writes = client.writes().size();
        a.log.replies.release();
        loop.settle();
        assertThat(client.writes()).hasSize(writes);
        client.readAgain();
        loop.settle();
        assertThat(numbers(client, a)).isEqualTo(range(1, 400));
        assertThat(numbers(client, b)).isEqualTo(range(1, 1));
    }

    @Test
    void oneSessionsLongReplayLeavesTheOthersTheirTurn() {
        a.appended(5_000);
        a.registry.readersStartAt(0);
        Client client = new Client();
        client.stopReading();
        client.reads(
                Bundle.open(
                        hub,
                        USER,
                        List.of(
                                new Bundle.Wanted(a.id, new Cursor.None()),
                                new Bundle.Wanted(b.id, new Cursor.None())),
                        false,
                        client));
        loop.settle();
        ring(b, b.appended(3));
        for (int i = 0; i < 10; i++) {
            client.readWhatWaits();
            loop.settle();
        }
        assertThat(numbers(client, b)).isEqualTo(range(1, 3));
        assertThat(numbers(client, a)).hasSizeLessThan(5_000);
    }

    @Test
    void aClientThatReadsNothingIsClosedWithAllItsSessions() {
        Client client = open(a, b);
        client.stopReading();
        ring(a, a.appended(1));
        pass(Duration.ofSeconds(40));
        assertThat(client.aborted()).isTrue();
    }

    @Test
    void aClientThatGoesLeavesAllItsSessions() {
        Client client = new Client();
        Bundle bundle =
                Bundle.open(
                        hub,
                        USER,
                        List.of(
                                new Bundle.Wanted(a.id, new Cursor.None()),
                                new Bundle.Wanted(b.id, new Cursor.None())),
                        false,
                        client);
        loop.settle();
        bundle.leave();
        loop.settle();
        assertThat(hub.connections()).isZero();
        assertThat(a.registry.members()).isEmpty();
        assertThat(b.registry.members()).isEmpty();
    }

    @Test
    void aPodThatStopsEndsTheStreamOnce() {
        Client client = open(a, b);
        assertThat(hub.close(1)).isZero();
        loop.settle();
        assertThat(client.ended()).isTrue();
        assertThat(b.registry.members()).isEmpty();
    }

    /// Readers come back with a cursor for each session, although Redis, entries and clients fail at random.
    @Test
    void nothingIsMissingOrDoubledWhateverHappens() {
        SplittableRandom random = new SplittableRandom(11);
        for (int round = 0; round < 30; round++) {
            Session c = session("c" + round);
            Session d = session("d" + round);
            List<Session> both = List.of(c, d);
            Map<SessionId, Cursor> from = new LinkedHashMap<>();
            both.forEach(each -> {
                each.log.begin();
                from.put(each.id, new Cursor.At(each.log.idOf(0)));
            });
            Map<Session, List<Long>> got = new HashMap<>();
            for (int life = 0; life < 5; life++) {
                Client client = new Client();
                Bundle bundle = Bundle.open(hub, USER, wanted(from), false, client);
                client.reads(bundle);
                for (int step = 0; step < 40; step++) {
                    Session one = both.get(random.nextInt(2));
                    switch (random.nextInt(8)) {
                        case 0 -> client.stopReading();
                        case 1 -> client.readAgain();
                        case 2 -> one.registry.replies.away();
                        case 3 -> one.registry.replies.back();
                        case 4 -> one.appended(1 + random.nextInt(300)); // without a ring
                        case 5 -> pass(Duration.ofMillis(500));
                        default -> ring(one, one.appended(1 + random.nextInt(3)));
                    }
                }
                bundle.leave();
                loop.settle();
                for (Session each : both) {
                    List<Long> numbers = numbers(client, each);
                    got.computeIfAbsent(each, _ -> new ArrayList<>()).addAll(numbers);
                    if (!numbers.isEmpty()) {
                        from.put(
                                each.id,
                                new Cursor.At(each.log.idOf(Math.toIntExact(numbers.getLast()))));
                    }
                }
            }
            both.forEach(each -> each.registry.replies.back());
            Client last = open(from);
            pass(Duration.ofSeconds(3));
            for (Session each : both) {
                List<Long> all = new ArrayList<>(got.getOrDefault(each, List.of()));
                all.addAll(numbers(last, each));
                assertThat(all).isEqualTo(range(1, each.log.entries().size()));
            }
        }
    }
}
