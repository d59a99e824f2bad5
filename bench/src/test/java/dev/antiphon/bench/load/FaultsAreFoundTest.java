package dev.antiphon.bench.load;

import static dev.antiphon.bench.load.ScriptedServer.chunk;
import static dev.antiphon.bench.load.ScriptedServer.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.antiphon.bench.client.Client;
import dev.antiphon.bench.client.Dialect;
import dev.antiphon.bench.client.Fault;
import dev.antiphon.bench.client.Fault.Kind;
import dev.antiphon.bench.client.Question;
import dev.antiphon.bench.client.Target;
import dev.antiphon.servers.Ports;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class FaultsAreFoundTest {

    private Client client;

    @BeforeAll
    void open() {
        client = new Client();
    }

    @AfterAll
    void close() {
        client.close();
    }

    /// A right answer: 18 chunks and the end.
    private static List<String> right(String message, String text) {
        String answer =
                new String(Question.demo(message, text).answer(), StandardCharsets.US_ASCII);
        String[] words = answer.split(" ");
        List<String> events = new ArrayList<>();
        for (int at = 0; at < words.length; at += 3) {
            boolean last = at + 3 >= words.length;
            String piece =
                    String.join(" ", List.of(words).subList(at, Math.min(at + 3, words.length)));
            events.add(chunk(message, at / 3, piece + (last ? "" : " ")));
        }
        events.add(event("message_complete", "{\"message_id\":\"" + message + "\"}"));
        return events;
    }

    @Test
    void aRightAnswerIsNoFault() throws Exception {
        try (var server = new ScriptedServer(202, FaultsAreFoundTest::right);
                var load = ClosedLoad.start(client, server.target(), 3, 2)) {
            load.awaitAnswer();
            Counts counts = load.endCounting();
            assertThat(counts.faults()).isEmpty();
            assertThat(counts.answers()).isPositive();
            assertThat(counts.chunks()).isGreaterThanOrEqualTo(Question.USUAL_CHUNKS);
            assertThat(counts.firstChunkMillis(50)).isPositive();
        }
    }

    static Stream<Arguments> broken() {
        return Stream.of(
                arguments("another word", Kind.TEXT, edit(5, each -> each.replace("This", "That"))),
                arguments(
                        "one more word", Kind.TEXT, edit(17, each -> each.replace("\"}", "x\"}"))),
                arguments("two chunks swapped", Kind.ORDER, swapped(3, 4)),
                arguments("the first two swapped", Kind.ORDER, swapped(0, 1)),
                arguments("a chunk twice", Kind.ORDER, twice(7)),
                arguments("a chunk missing", Kind.ORDER, without(9)),
                arguments("the last chunk missing", Kind.COUNT, without(17)),
                arguments("only the end", Kind.COUNT, only(18)),
                arguments(
                        "the chunk of another message",
                        Kind.STRAY,
                        edit(2, FaultsAreFoundTest::other)),
                arguments("the end twice", Kind.STRAY, twice(18)),
                arguments("a resync", Kind.EVENT, edit(4, _ -> event("resync", "{}"))),
                arguments("a closed stream", Kind.CLOSED, edit(11, _ -> ScriptedServer.CLOSE)));
    }

    private static String other(String event) {
        return event.replace("\"message_id\":\"", "\"message_id\":\"x");
    }

    private static UnaryOperator<List<String>> edit(int place, UnaryOperator<String> change) {
        return events -> {
            List<String> changed = new ArrayList<>(events);
            changed.set(place, change.apply(events.get(place)));
            return changed;
        };
    }

    private static UnaryOperator<List<String>> swapped(int one, int other) {
        return events -> {
            List<String> changed = new ArrayList<>(events);
            Collections.swap(changed, one, other);
            return changed;
        };
    }

    private static UnaryOperator<List<String>> twice(int place) {
        return events -> {
            List<String> changed = new ArrayList<>(events);
            changed.add(place, events.get(place));
            return changed;
        };
    }

    private static UnaryOperator<List<String>> without(int place) {
        return events -> {
            List<String> changed = new ArrayList<>(events);
            changed.remove(place);
            return changed;
        };
    }

    private static UnaryOperator<List<String>> only(int place) {
        return events -> List.of(events.get(place));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("broken")
    void aBrokenServerIsFound(String name, Kind kind, UnaryOperator<List<String>> breaking)
            throws Exception {
        try (var server =
                        new ScriptedServer(
                                202, (message, text) -> breaking.apply(right(message, text)));
                // One message a session: its second answer must not be needed to see the fault.
                var load = Tabs.together(client, server.target(), 1)) {
            load.watchAnswer();
            load.awaitAnswer();
            // The end twice shows after the answer, so it can come a moment later.
            Fault fault = firstFault(load);
            assertThat(fault.kind()).as(name + ": " + fault).isEqualTo(kind);
        }
    }

    private static Fault firstFault(Load load) throws InterruptedException {
        for (int tries = 0; tries < 1_000; tries++) {
            List<Fault> faults = load.count(Duration.ofMillis(5)).faults();
            if (!faults.isEmpty()) {
                return faults.getFirst();
            }
        }
        throw new AssertionError("no fault was found");
    }

    @Test
    void aRefusedMessageIsAFault() throws Exception {
        try (var server = new ScriptedServer(500, FaultsAreFoundTest::right);
                var load = Tabs.together(client, server.target(), 1)) {
            load.watchAnswer();
            assertThat(firstFault(load).kind()).isEqualTo(Kind.REFUSED);
        }
    }

    @Test
    void aClosedPortIsAFaultWithItsAddress() throws Exception {
        int port = Ports.free();
        Target nowhere =
                new Target(
                        List.of(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port)),
                        Dialect.STREAM);
        try (var load = Tabs.apart(client, nowhere, 2)) {
            Fault fault = firstFault(load);
            assertThat(fault.kind()).isEqualTo(Kind.CONNECT);
            assertThat(fault.detail())
                    .isEqualTo(
                            "cannot connect to http://127.0.0.1:" + port + ": Connection refused");
        }
    }

    @Test
    void messagesThatFallIntoAStallAreCountedFromTheirTimes() throws Exception {
        try (var server = new ScriptedServer(202, FaultsAreFoundTest::right);
                // A message every 18 ms.
                var load =
                        OpenLoad.start(
                                client, server.target(), 5, new Paced(Duration.ofMillis(5)))) {
            load.awaitAnswer();
            load.beginCounting();
            client.loop().execute(FaultsAreFoundTest::stall);
            Counts counts = load.count(Duration.ofMillis(600));
            assertThat(counts.faults()).isEmpty();
            // Not one message, but all that were to be sent meanwhile.
            assertThat(counts.firstChunkMillis(100)).isGreaterThan(STALL.toMillis() * 0.8);
            assertThat(counts.firstChunkMillis(85)).isGreaterThan(STALL.toMillis() * 0.2);
        }
    }

    private static final Duration STALL = Duration.ofMillis(300);

    private static void stall() {
        LockSupport.parkNanos(STALL.toNanos());
    }
}
