package dev.antiphon.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Arrays;
import java.util.SplittableRandom;

final class RingTest {

    private static final String CHUNK =
            """
            {"session_id":"sess_456","message_id":"msg_abc123","chunk_id":0,"chunk":"Hello",\
            "is_final":false,"chunk_type":"content","timestamp":"2025-11-18T20:30:05Z",\
            "correlation_id":"corr_xyz"}\
            """;

    private static final SessionId SESSION = new SessionId("sess_456");
    private static final EntryId ID = EntryId.parse("1.17.9f3ac210");

    private static @Nullable Ring chunkOf(String wire) {
        return Ring.decodeChunk(Samples.utf8(wire));
    }

    @Test
    void aChunkIsTheContractsJsonWithItsPlaceInTheLogAdded() {
        Ring ring = new Ring(SESSION, new Entry(ID, EventName.CHUNK, Samples.utf8(CHUNK)));

        assertThat(ring.isChunk()).isTrue();
        assertThat(Samples.text(ring.encode()))
                .isEqualTo(
                        CHUNK.substring(0, CHUNK.length() - 1)
                                + ",\"event_id\":\"1.17.9f3ac210\"}");
        assertThat(Ring.decodeChunk(ring.encode())).isEqualTo(ring);
    }

    @Test
    void aPlainWorkersChunkMayCutACharacterInTwo() {
        assertThat(chunkOf(CHUNK.replace("Hello", "Hello \\ud83d"))).isNull();
    }

    @Test
    void anyOtherEntryIsWrappedWithItsSessionAndEvent() {
        Ring ring =
                new Ring(
                        SESSION,
                        new Entry(
                                ID,
                                EventName.MESSAGE_COMPLETE,
                                Samples.utf8("{\"message_id\":\"m1\"}")));

        assertThat(ring.isChunk()).isFalse();
        assertThat(Samples.text(ring.encode()))
                .isEqualTo(
                        """
                        {"session_id":"sess_456","event":"message_complete",\
                        "data":{"message_id":"m1"},"event_id":"1.17.9f3ac210"}\
                        """);
        assertThat(Ring.decodeEvent(ring.encode())).isEqualTo(ring);
    }

    @Test
    void theEntrysBytesComeBackExactlyWhateverTheyHold() {
        for (long seed = 0; seed < 2_000; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            Chunk chunk = Samples.chunk(random);
            Ring ring =
                    new Ring(
                            chunk.sessionId(),
                            new Entry(Samples.entryId(random), EventName.CHUNK, chunk.encode()));
            Ring event =
                    new Ring(
                            chunk.sessionId(),
                            new Entry(
                                    Samples.entryId(random),
                                    EventName.MESSAGE,
                                    Json.bytes(Json.object().put("text", Samples.text(random)))));

            assertThat(Ring.decodeChunk(ring.encode())).as("seed %d", seed).isEqualTo(ring);
            assertThat(Ring.decodeEvent(event.encode())).as("seed %d", seed).isEqualTo(event);
            assertThat(Json.readPieces(ring.encode()).get("event_id").stringValue())
                    .isEqualTo(ring.entry().id().toString());
        }
    }

    @Test
    void aPlainWorkersChunkHasNoPlaceInTheLog() {
        assertThat(chunkOf(CHUNK)).isNull();
        assertThat(chunkOf(CHUNK.replace("{\"session", "{ \"session"))).isNull();
        assertThat(chunkOf("{\"chunk_id\":0,\"session_id\":\"s\",\"event_id\":null}")).isNull();
    }

    @Test
    void anEventIdInsideTheTextOrDeeperIsNotTheRings() {
        assertThat(
                        chunkOf(
                                "{\"session_id\":\"s\",\"chunk\":\",\\\"event_id\\\":\\\"1.2.00000003\"}"))
                .isNull();
        assertThat(
                        chunkOf(
                                "{\"session_id\":\"s\",\"metadata\":{\"a\":1,\"event_id\":\"1.2.00000003\"}}"))
                .isNull();
    }

    /// Its bytes are not the log's, so its hash cannot match, and the reader goes to the log.
    @Test
    void aChunkWithItsFieldsInAnotherOrderStillTellsItsPlace() {
        Ring ring =
                chunkOf(
                        "{ \"event_id\": \"1.17.9f3ac210\", \"chunk_id\": 0, \"session_id\": \"sess_456\" }");

        assertThat(ring).isNotNull();
        assertThat(ring.session()).isEqualTo(SESSION);
        assertThat(ring.entry().id()).isEqualTo(ID);
        assertThat(ring.entry().dataText())
                .isEqualTo("{\"chunk_id\":0,\"session_id\":\"sess_456\"}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "\u0000",
                "}",
                "\"}",
                ",\"event_id\":\"1.2.00000003\"}",
                "{\"session_id\":\"",
                "{\"session_id\":\"s",
                "{\"session_id\":\"s\"",
                "{\"session_id\":\"s\",\"event_id\":\"evt_1\"}",
                "{\"session_id\":\"s\",\"event_id\":\"\"}",
                "{\"session_id\":\"s.*\",\"event_id\":\"1.2.00000003\"}",
                "{\"session_id\":\"\",\"event_id\":\"1.2.00000003\"}",
                "{\"session_id\":1,\"event_id\":\"1.2.00000003\"}",
                "{\"event_id\":\"1.2.00000003\"}",
                "[\"event_id\",\"1.2.00000003\"]",
                "null"
            })
    void bytesThatAreNoChunkAreRefused(String wire) {
        assertThatThrownBy(() -> chunkOf(wire)).isInstanceOf(InvalidInput.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{}",
                "{\"session_id\":\"s\",\"event_id\":\"1.2.00000003\"}",
                "{\"session_id\":\"s\",\"event\":\"message\",\"event_id\":\"1.2.00000003\"}",
                "{\"session_id\":\"s\",\"event\":\"message\",\"data\":{}}",
                "{\"session_id\":\"s\",\"event\":\"party\",\"data\":{},\"event_id\":\"1.2.00000003\"}",
                "{\"session_id\":\"s\",\"avent\":\"message\",\"data\":{},\"event_id\":\"1.2.00000003\"}",
                "{\"session_id\":\"s\",\"event\":\"message\",\"date\":{},\"event_id\":\"1.2.00000003\"}",
                "{\"session_id\":\"s\",\"event\":\"message\",\"data\":{},\"event_id\":\"1.2\"}",
                "{\"session_id\":\"s/\",\"event\":\"message\",\"data\":{},\"event_id\":\"1.2.00000003\"}"
            })
    void bytesThatAreNoEventOfOursAreRefused(String wire) {
        assertThatThrownBy(() -> Ring.decodeEvent(Samples.utf8(wire)))
                .isInstanceOf(InvalidInput.class);
    }

    @Test
    void noBytesBreakTheReader() {
        for (long seed = 0; seed < 5_000; seed++) {
            byte[] wire = damaged(new SplittableRandom(seed));

            readOrRefuse(seed, () -> Ring.decodeChunk(wire));
            readOrRefuse(seed, () -> Ring.decodeEvent(wire));
            readOrRefuse(seed, () -> Chunk.decode(wire));
        }
    }

    private static void readOrRefuse(long seed, Runnable read) {
        try {
            read.run();
        } catch (InvalidInput e) {
            assertThat(e.code()).as("seed %d", seed).isNotNull();
        } catch (RuntimeException e) {
            throw new AssertionError("seed " + seed, e);
        }
    }

    /// A ring with some bytes cut off, changed, doubled or removed.
    private static byte[] damaged(SplittableRandom random) {
        EventName event = Samples.pick(random, EventName.values());
        byte[] wire =
                new Ring(
                                SESSION,
                                new Entry(
                                        Samples.entryId(random),
                                        event,
                                        Samples.chunk(random).encode()))
                        .encode();
        for (int i = random.nextInt(1, 4); i > 0 && wire.length > 2; i--) {
            int at = random.nextInt(wire.length);
            int end = at + random.nextInt(Math.min(40, wire.length - at));
            switch (random.nextInt(5)) {
                case 0 -> wire = Arrays.copyOf(wire, at);
                case 1 -> wire = Arrays.copyOfRange(wire, at, wire.length);
                case 2 -> wire[at] = (byte) random.nextInt(256);
                case 3 -> wire = joined(wire, end, at);
                default -> wire = joined(wire, at, end);
            }
        }
        return wire;
    }

    /// The bytes before `end`, then those from `start`.
    private static byte[] joined(byte[] wire, int end, int start) {
        byte[] result = Arrays.copyOf(wire, end + wire.length - start);
        System.arraycopy(wire, start, result, end, wire.length - start);
        return result;
    }
}
