package dev.antiphon.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;

final class RingBatchTest {

    private static final SessionId A = new SessionId("a");
    private static final SessionId LONG = new SessionId("l".repeat(128));

    private static Ring ring(SessionId session, EntryId id, EventName event, String data) {
        return new Ring(session, new Entry(id, event, data.getBytes(StandardCharsets.UTF_8)));
    }

    private static Ring ring(SessionId session, long number) {
        return ring(session, new EntryId(7, number, (int) number), EventName.CHUNK, "{}");
    }

    private static RingBatch batch(List<Ring> rings) {
        RingBatch batch = new RingBatch();
        rings.forEach(batch::add);
        return batch;
    }

    private static RingBatch batch(Ring... rings) {
        return batch(List.of(rings));
    }

    /// Pods of another version read the same bytes.
    @Test
    void theLayoutIsThatOfTheProtocol() {
        RingBatch batch =
                batch(
                        ring(A, new EntryId(258, 3, 0x9f3ac210), EventName.CHUNK, "{}"),
                        ring(A, new EntryId(258, 4, -1), EventName.MESSAGE_COMPLETE, "[1]"),
                        ring(new SessionId("bc"), new EntryId(9, 1, 5), EventName.MESSAGE, "é"));

        assertThat(HexFormat.of().formatHex(batch.encode()))
                .isEqualTo(
                        String.join(
                                "",
                                "01",
                                "00000029" + "01" + "61" + "0000000000000102" + "0000000000000003",
                                "00000007" + "01" + "9f3ac210" + "7b7d",
                                "00000008" + "03" + "ffffffff" + "5b315d",
                                "0000001e"
                                        + "02"
                                        + "6263"
                                        + "0000000000000009"
                                        + "0000000000000001",
                                "00000007" + "02" + "00000005" + "c3a9"));
    }

    @Test
    void aBatchOfManySessionsIsReadAsItWasWritten() {
        SplittableRandom random = new SplittableRandom(1);
        List<Ring> rings = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            SessionId session = random.nextBoolean() ? A : LONG;
            EntryId id = new EntryId(random.nextLong(1, 3), random.nextLong(1, 4), i);
            String data = "x".repeat(random.nextInt(1, 400));
            rings.add(
                    ring(
                            session,
                            id,
                            random.nextBoolean() ? EventName.CHUNK : EventName.MESSAGE,
                            data));
        }
        rings.add(
                ring(
                        A,
                        new EntryId((1L << 31) - 1, 999_999_000_000_000L, 1),
                        EventName.MESSAGE_COMPLETE,
                        "{}"));

        RingBatch.Received received = RingBatch.decode(batch(rings).encode());

        assertThat(received.rings()).isEqualTo(rings);
        assertThat(received.malformed()).isZero();
    }

    @Test
    void theLengthIsKnownBeforeItIsWritten() {
        RingBatch batch = new RingBatch();
        for (Ring next : List.of(ring(A, 1), ring(A, 2), ring(A, 4), ring(LONG, 5))) {
            int with = batch.bytesWith(next);
            batch.add(next);
            assertThat(batch.encode()).hasSize(with);
        }
        assertThat(batch.sessions()).containsExactly(A, LONG);
    }

    @Test
    void aMalformedEntryIsLeftOutAndTheRestIsTaken() {
        byte[] wire = batch(ring(A, 1), ring(A, 2), ring(A, 3), ring(LONG, 9)).encode();
        int secondEvent = 1 + 4 + 1 + 1 + 16 + 11 + 4;
        assertThat(wire[secondEvent]).isEqualTo((byte) 1);
        wire[secondEvent] = 77;

        RingBatch.Received received = RingBatch.decode(wire);

        assertThat(received.rings()).containsExactly(ring(A, 1), ring(A, 3), ring(LONG, 9));
        assertThat(received.malformed()).isOne();
    }

    @Test
    void aPartOfAnImpossibleSessionOrNumberIsLeftOutAndTheRestIsTaken() {
        List<Ring> good = List.of(ring(A, 5), ring(LONG, 7));
        int partEnd = 1 + 4 + 1 + 1 + 16 + 11;
        for (int[] change : new int[][] {{6, '.'}, {7, 0x80}, {14, 0}, {15, 0x80}, {22, 0}}) {
            byte[] wire = batch(good).encode();
            wire[change[0]] = (byte) change[1];

            RingBatch.Received received = RingBatch.decode(wire);

            assertThat(received.rings()).as("byte %d", change[0]).containsExactly(good.getLast());
            assertThat(received.malformed()).isOne();
        }
        assertThat(ByteBuffer.wrap(batch(good).encode()).getInt(1)).isEqualTo(partEnd - 5);
    }

    @Test
    void aLengthNeverLeadsBeyondThePartThatItIsIn() {
        for (int length : new int[] {Integer.MIN_VALUE, -1, 12, 1_000, Integer.MAX_VALUE}) {
            byte[] entry = batch(ring(A, 1), ring(LONG, 2)).encode();
            ByteBuffer.wrap(entry).putInt(1 + 4 + 1 + 1 + 16, length);
            assertThat(RingBatch.decode(entry))
                    .isEqualTo(new RingBatch.Received(List.of(ring(LONG, 2)), 1));
        }
        for (int length : new int[] {Integer.MIN_VALUE, -1, 1_000, Integer.MAX_VALUE}) {
            byte[] part = batch(ring(A, 1), ring(LONG, 2)).encode();
            ByteBuffer.wrap(part).putInt(1, length);
            assertThat(RingBatch.decode(part)).isEqualTo(new RingBatch.Received(List.of(), 1));
        }
    }

    @Test
    void aBatchThatWasCutOffHasItsFirstEntries() {
        List<Ring> rings = List.of(ring(A, 1), ring(A, 2), ring(LONG, 1));
        byte[] wire = batch(rings).encode();
        for (int length = 1; length < wire.length; length++) {
            RingBatch.Received received = RingBatch.decode(Arrays.copyOf(wire, length));
            int taken = received.rings().size();
            assertThat(received.rings()).isEqualTo(rings.subList(0, taken));
            assertThat(received.malformed() > 0 || isPartEnd(length)).as("%d", length).isTrue();
        }
    }

    private static boolean isPartEnd(int length) {
        return length == 1 || length == 1 + 4 + 1 + 1 + 16 + 11 + 11;
    }

    /// Whatever the bytes are, reading ends, and every entry that it finds could be one.
    @Test
    void anyBytesCanBeRead() {
        SplittableRandom random = new SplittableRandom(2);
        byte[] good = batch(ring(A, 1), ring(A, 2), ring(LONG, 1), ring(A, 3)).encode();
        for (int i = 0; i < 20_000; i++) {
            byte[] wire = good.clone();
            for (int changes = random.nextInt(1, 6); changes > 0; changes--) {
                wire[random.nextInt(1, wire.length)] = (byte) random.nextInt();
            }
            RingBatch.Received received = RingBatch.decode(wire);
            assertThat(received.rings()).hasSizeLessThanOrEqualTo(wire.length / 9);
            received.rings().forEach(ring -> EntryId.parse(ring.entry().id().toString()));
        }
    }

    @Test
    void bytesOfAnotherVersionAreRefused() {
        for (byte[] wire : new byte[][] {{}, {0}, {2, 0}, {'{'}}) {
            assertThatThrownBy(() -> RingBatch.decode(wire)).isInstanceOf(InvalidInput.class);
        }
    }
}
