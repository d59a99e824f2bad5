package dev.antiphon.protocol;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// One message to one of our pods about many new log entries, of any sessions (PROTOCOL.md §3). Not thread-safe.
///
/// The layout is binary, because a gateway then finds an entry's data by position and parses no JSON. Integers are
/// big-endian, a length counts the bytes after it:
///
/// ```
/// batch: version (1 byte), parts
/// part:  length (4), length of the session (1), session, generation (8), number of the first entry (8), entries
/// entry: length (4), event (1), hash (4), data
/// ```
///
/// The entries of a part are of one session and have consecutive numbers.
public final class RingBatch {

    private static final byte VERSION = 1;

    /// Length, session's length, generation and number.
    private static final int PART_BYTES = 4 + 1 + 8 + 8;

    private static final int LENGTH_BYTES = 4;

    /// Event and hash.
    private static final int HEAD_BYTES = 1 + 4;

    /// The largest generation and number that an {@link EntryId} can have on the wire.
    private static final long MAX_GENERATION = 9_999_999_999L;

    private static final long MAX_NUMBER = 999_999_999_999_999L;

    /// An event's code is its place in this list, from 1.
    private static final List<EventName> EVENTS =
            List.of(EventName.CHUNK, EventName.MESSAGE, EventName.MESSAGE_COMPLETE);

    private final List<Ring> rings = new ArrayList<>();
    private int bytes = 1;

    /// What a pod could read of a batch.
    ///
    /// @param rings the well-formed ones, in their order
    /// @param malformed how many entries or parts were not
    public record Received(List<Ring> rings, int malformed) {
        public Received {
            rings = Collections.unmodifiableList(rings);
        }
    }

    /// Adds an entry at the end.
    public void add(Ring ring) {
        bytes += cost(ring);
        rings.add(ring);
    }

    /// The length of the message if this entry was in it, too.
    public int bytesWith(Ring ring) {
        return bytes + cost(ring);
    }

    public boolean isEmpty() {
        return rings.isEmpty();
    }

    /// In the order in which they were added.
    public List<Ring> rings() {
        return Collections.unmodifiableList(rings);
    }

    public Set<SessionId> sessions() {
        Set<SessionId> sessions = new LinkedHashSet<>();
        rings.forEach(ring -> sessions.add(ring.session()));
        return sessions;
    }

    private int cost(Ring ring) {
        int entry = LENGTH_BYTES + HEAD_BYTES + ring.entry().data().length;
        boolean samePart = !rings.isEmpty() && follows(rings.getLast(), ring);
        return samePart ? entry : PART_BYTES + ring.session().value().length() + entry;
    }

    private static boolean follows(Ring before, Ring ring) {
        EntryId last = before.entry().id();
        EntryId id = ring.entry().id();
        return id.number() == last.number() + 1
                && id.generation() == last.generation()
                && ring.session().equals(before.session());
    }

    /// The bytes to publish on {@link Subjects#podBatch}.
    public byte[] encode() {
        ByteBuffer out = ByteBuffer.allocate(bytes).put(VERSION);
        int partStart = out.position();
        for (int i = 0; i < rings.size(); i++) {
            Ring ring = rings.get(i);
            if (i == 0 || !follows(rings.get(i - 1), ring)) {
                endPart(out, partStart);
                partStart = out.position();
                beginPart(out, ring);
            }
            byte[] data = ring.entry().data();
            out.putInt(HEAD_BYTES + data.length)
                    .put((byte) (EVENTS.indexOf(ring.entry().event()) + 1))
                    .putInt(ring.entry().id().hash())
                    .put(data);
        }
        endPart(out, partStart);
        return out.array();
    }

    private static void beginPart(ByteBuffer out, Ring first) {
        byte[] session = first.session().value().getBytes(StandardCharsets.US_ASCII);
        EntryId id = first.entry().id();
        out.putInt(0) // known at the part's end
                .put((byte) session.length)
                .put(session)
                .putLong(id.generation())
                .putLong(id.number());
    }

    private static void endPart(ByteBuffer out, int start) {
        if (out.position() > start) {
            out.putInt(start, out.position() - start - LENGTH_BYTES);
        }
    }

    /// Reads a message from a pod's batch subject. A malformed entry is left out and counted, and the rest is taken. No
    /// length leads beyond the part that it is in.
    ///
    /// @throws InvalidInput when it is not a batch of this version
    public static Received decode(byte[] wire) {
        if (wire.length == 0 || wire[0] != VERSION) {
            throw new InvalidInput(ErrorCode.INVALID_FIELD, "not a batch of version " + VERSION);
        }
        Decoder decoder = new Decoder(wire);
        decoder.batch();
        return new Received(decoder.rings, decoder.malformed);
    }

    private static final class Decoder {
        private final byte[] wire;
        private final ByteBuffer in;
        private final List<Ring> rings = new ArrayList<>();
        private int malformed;

        Decoder(byte[] wire) {
            this.wire = wire;
            this.in = ByteBuffer.wrap(wire);
        }

        void batch() {
            int at = 1;
            while (at < wire.length) {
                int end = end(at, wire.length);
                if (end < 0) {
                    malformed++;
                    return; // the next part cannot be found
                }
                part(at + LENGTH_BYTES, end);
                at = end;
            }
        }

        /// Where something ends whose length is at this place; -1 when that is beyond the limit.
        private int end(int at, int limit) {
            if (limit - at < LENGTH_BYTES) {
                return -1;
            }
            int length = in.getInt(at);
            return length < 0 || length > limit - at - LENGTH_BYTES
                    ? -1
                    : at + LENGTH_BYTES + length;
        }

        private void part(int start, int end) {
            int idLength = start < end ? wire[start] & 0xff : 0;
            int at = start + 1 + idLength + 8 + 8;
            if (at > end) {
                malformed++;
                return;
            }
            SessionId session;
            try {
                session =
                        new SessionId(
                                new String(wire, start + 1, idLength, StandardCharsets.ISO_8859_1));
            } catch (InvalidInput e) {
                malformed++;
                return;
            }
            long generation = in.getLong(at - 16);
            long number = in.getLong(at - 8);
            if (generation < 1
                    || generation > MAX_GENERATION
                    || number < 1
                    || number > MAX_NUMBER - wire.length) {
                malformed++;
                return;
            }
            while (at < end) {
                int entryEnd = end(at, end);
                if (entryEnd < 0) {
                    malformed++;
                    return;
                }
                entry(session, generation, number, at + LENGTH_BYTES, entryEnd);
                number++;
                at = entryEnd;
            }
        }

        private void entry(SessionId session, long generation, long number, int start, int end) {
            int event = start < end ? wire[start] : 0;
            if (end - start <= HEAD_BYTES || event < 1 || event > EVENTS.size()) {
                malformed++;
                return;
            }
            EntryId id = new EntryId(generation, number, in.getInt(start + 1));
            // A copy: the entry outlives the message, which is larger.
            byte[] data = Arrays.copyOfRange(wire, start + HEAD_BYTES, end);
            rings.add(new Ring(session, new Entry(id, EVENTS.get(event - 1), data)));
        }
    }
}
