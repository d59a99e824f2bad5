package dev.antiphon.gateway.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.gateway.stream.Client.Event;
import dev.antiphon.gateway.stream.StreamCounters.StreamCount;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.Ring;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;

/// Everything at once, at random: rings are lost, doubled, late and out of order, answers of Redis overtake each other,
/// Redis becomes unavailable, clients stall, leave and come back. Each client must receive, between two resyncs, a
/// gapless piece of the log, and in the end all of it. A failed seed fails again when it is repeated.
final class FeedStormTest {

    private static final int STEPS = 2_000;

    private final Pod pod = new Pod();
    private final List<Entry> rung = new ArrayList<>();
    private final List<Client> clients = new ArrayList<>();

    static LongStream seeds() {
        return LongStream.rangeClosed(
                Long.getLong("firstSeed", 1), Integer.getInteger("seeds", 50));
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void aStormLosesAndDoublesNothing(long seed) {
        storm(new SplittableRandom(seed), false);
        assertThat(pod.count(StreamCount.RESYNC)).isZero();
        for (Client client : clients) {
            List<Long> numbers = client.numbers();
            if (!numbers.isEmpty()) {
                client.hasExactly(numbers.getFirst(), pod.log.end().number());
            }
        }
        assertThat(pod.count(StreamCount.GAP)).isPositive();
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void whenTheLogItselfIsLostAClientGetsAResyncBeforeItContinues(long seed) {
        pod.registry.readersStartAt(0);
        storm(new SplittableRandom(seed), true);
        for (Client client : clients) {
            isGaplessBetweenResyncs(client);
            assertThat(client.lastId()).isEqualTo(pod.log.end().toString());
        }
    }

    private void storm(SplittableRandom random, boolean losses) {
        clients.add(pod.connect());
        for (int i = 0; i < STEPS; i++) {
            switch (random.nextInt(losses ? 17 : 15)) {
                case 0, 1, 2 -> rung.addAll(pod.appended(1 + random.nextInt(3)));
                case 3, 4, 5 -> ringSome(random);
                case 6 -> pod.loop.step();
                case 7 -> pod.loop.settle();
                case 8 -> someClient(random, random.nextBoolean());
                case 9 -> connectOrLeave(random);
                case 10 -> pod.log.replies.hold();
                case 11 -> releaseOne(pod.log.replies, random);
                case 12 -> pod.pass(Duration.ofMillis(500L * random.nextInt(6)));
                case 13 -> away(random);
                case 14 -> pod.hub.ringsWereLost();
                case 15 -> pod.log.rollBackTo(random.nextInt(pod.log.entries().size() + 1));
                default -> maybeLose(random);
            }
        }
        calm();
    }

    private void ringSome(SplittableRandom random) {
        for (int i = random.nextInt(4); i > 0 && !rung.isEmpty(); i--) {
            Entry entry = rung.get(random.nextInt(rung.size()));
            if (random.nextInt(5) > 0) { // otherwise it is rung later
                rung.remove(entry);
            }
            if (random.nextInt(10) > 0) { // otherwise lost
                pod.hub.rang(new Ring(Pod.SESSION, entry));
            }
        }
    }

    private void someClient(SplittableRandom random, boolean reads) {
        Client client = clients.get(random.nextInt(clients.size()));
        if (reads) {
            client.readAgain();
        } else {
            client.stopReading();
        }
    }

    private void connectOrLeave(SplittableRandom random) {
        if (clients.size() < 20 && random.nextBoolean()) {
            Client client = new Client();
            pod.open(client, new Cursor.None());
            clients.add(client);
            return;
        }
        Client client = clients.get(random.nextInt(clients.size()));
        if (client.isOpen() && client.numbers().size() > 1) {
            clients.remove(client);
            client.goAway();
            clients.add(pod.connectAfter(EntryId.parse(client.lastId())));
        }
    }

    private static void releaseOne(Replies replies, SplittableRandom random) {
        if (replies.held() > 0) {
            replies.release(random.nextInt(replies.held()));
        }
    }

    private void away(SplittableRandom random) {
        if (random.nextBoolean()) {
            pod.log.replies.away();
        } else {
            pod.log.replies.back();
        }
    }

    private void maybeLose(SplittableRandom random) {
        if (random.nextInt(20) == 0) {
            pod.log.lose();
            pod.registry.forget();
        }
    }

    /// Everything works again without rings: the poll alone brings all clients to the end.
    private void calm() {
        pod.log.replies.back();
        pod.log.replies.release();
        clients.forEach(Client::readAgain);
        clients.removeIf(Client::aborted);
        pod.log.append(EventName.CHUNK, "{\"last\":true}");
        pod.pass(Duration.ofSeconds(30));
        clients.forEach(client -> assertThat(client.isOpen()).isTrue());
    }

    private static void isGaplessBetweenResyncs(Client client) {
        EntryId before = null;
        for (Event event : client.events()) {
            if (event.id() == null) {
                continue;
            }
            EntryId id = EntryId.parse(event.id());
            if (before != null && !event.name().equals("resync")) {
                EntryId expected =
                        before.next(
                                EventName.of(event.name()),
                                event.data().getBytes(StandardCharsets.UTF_8));
                assertThat(id).isEqualTo(expected);
            }
            before = id;
        }
    }
}
