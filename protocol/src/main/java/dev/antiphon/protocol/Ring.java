package dev.antiphon.protocol;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// The notice to a pod about one new log entry. A chunk on `chat.pod.{pod}.response` is the contract's JSON with an
/// additional `event_id`; any other entry on `chat.pod.{pod}.event` is wrapped with its session and event name.
///
/// Our rings begin and end with fixed fields, so a reader cuts out the entry's data byte for byte and never parses it:
/// the hash must be computed over exactly the bytes that were appended.
public record Ring(SessionId session, Entry entry) {

    private static final byte[] CHUNK_HEAD = ascii("{\"session_id\":\"");
    private static final byte[] EVENT_MID = ascii("\",\"event\":\"");
    private static final byte[] DATA_MID = ascii("\",\"data\":");
    private static final byte[] ID_MID = ascii(",\"event_id\":\"");
    private static final byte[] TAIL = ascii("\"}");

    /// Longest id: 10 digits, 15 digits, 8 hex digits, two dots.
    private static final int MAX_ID = 35;

    /// The bytes to publish on the subject that {@link #isChunk} chooses.
    public byte[] encode() {
        byte[] id = ascii(entry.id().toString());
        byte[] data = entry.data();
        if (isChunk()) {
            return concat(Arrays.copyOf(data, data.length - 1), ID_MID, id, TAIL);
        }
        return concat(
                CHUNK_HEAD,
                ascii(session.value()),
                EVENT_MID,
                ascii(entry.event().wire()),
                DATA_MID,
                data,
                ID_MID,
                id,
                TAIL);
    }

    public boolean isChunk() {
        return entry.event() == EventName.CHUNK;
    }

    /// Reads a message from a pod's response subject.
    ///
    /// @return null when it carries no `event_id`: a chunk of a plain worker
    /// @throws InvalidInput when it is not a chunk
    public static @Nullable Ring decodeChunk(byte[] wire) {
        int idStart = idStart(wire);
        if (idStart < 0) {
            return foreignChunk(wire);
        }
        byte[] data = Arrays.copyOf(wire, idStart - ID_MID.length + 1);
        data[data.length - 1] = '}';
        SessionId session = session(wire);
        return session == null
                ? foreignChunk(wire)
                : new Ring(session, new Entry(id(wire, idStart), EventName.CHUNK, data));
    }

    /// Reads a message from a pod's event subject.
    ///
    /// @throws InvalidInput when we did not write it
    public static Ring decodeEvent(byte[] wire) {
        int idStart = idStart(wire);
        SessionId session = session(wire);
        if (idStart < 0 || session == null) {
            throw notAnEvent();
        }
        int sessionEnd = CHUNK_HEAD.length + session.value().length();
        int eventStart = sessionEnd + EVENT_MID.length;
        int eventEnd = indexOf(wire, (byte) '"', eventStart);
        int dataStart = eventEnd + DATA_MID.length;
        int dataEnd = idStart - ID_MID.length;
        if (!startsWith(wire, EVENT_MID, sessionEnd)
                || eventEnd < 0
                || !startsWith(wire, DATA_MID, eventEnd)
                || dataStart > dataEnd) {
            throw notAnEvent();
        }
        return new Ring(
                session,
                new Entry(
                        id(wire, idStart),
                        event(wire, eventStart, eventEnd),
                        Arrays.copyOfRange(wire, dataStart, dataEnd)));
    }

    private static EventName event(byte[] wire, int start, int end) {
        try {
            return EventName.of(new String(wire, start, end - start, StandardCharsets.US_ASCII));
        } catch (IllegalArgumentException e) {
            throw notAnEvent();
        }
    }

    private static InvalidInput notAnEvent() {
        return new InvalidInput(ErrorCode.MALFORMED_JSON, "not a pod event");
    }

    /// A chunk from another program, with its fields in another order. With an `event_id` it is still an entry, but its
    /// bytes are not those of the log. Its hash does not match, so the reader goes to the log, which is right.
    private static @Nullable Ring foreignChunk(byte[] wire) {
        ObjectNode chunk = Json.readPieces(wire);
        SessionId session = new SessionId(Json.text(chunk, "session_id"));
        JsonNode id = chunk.remove("event_id");
        if (id == null || !id.isString()) {
            return null;
        }
        return new Ring(
                session,
                new Entry(EntryId.parse(id.stringValue()), EventName.CHUNK, Json.bytes(chunk)));
    }

    private static @Nullable SessionId session(byte[] wire) {
        if (!startsWith(wire, CHUNK_HEAD, 0)) {
            return null;
        }
        int end = indexOf(wire, (byte) '"', CHUNK_HEAD.length);
        return end < 0
                ? null
                : new SessionId(
                        new String(
                                wire,
                                CHUNK_HEAD.length,
                                end - CHUNK_HEAD.length,
                                StandardCharsets.UTF_8));
    }

    private static EntryId id(byte[] wire, int idStart) {
        return EntryId.parse(
                new String(
                        wire,
                        idStart,
                        wire.length - TAIL.length - idStart,
                        StandardCharsets.US_ASCII));
    }

    /// The index at which the id begins in `…,"event_id":"1.17.9f3ac210"}`, or -1.
    private static int idStart(byte[] wire) {
        if (wire.length < TAIL.length || !startsWith(wire, TAIL, wire.length - TAIL.length)) {
            return -1;
        }
        int lowest = Math.max(ID_MID.length, wire.length - TAIL.length - MAX_ID);
        for (int i = wire.length - TAIL.length - 1; i >= lowest; i--) {
            if (wire[i - 1] == '"' && startsWith(wire, ID_MID, i - ID_MID.length)) {
                return i;
            }
        }
        return -1;
    }

    private static boolean startsWith(byte[] bytes, byte[] prefix, int at) {
        return bytes.length - at >= prefix.length
                && Arrays.equals(bytes, at, at + prefix.length, prefix, 0, prefix.length);
    }

    private static int indexOf(byte[] bytes, byte wanted, int from) {
        for (int i = from; i < bytes.length; i++) {
            if (bytes[i] == wanted) {
                return i;
            }
        }
        return -1;
    }

    private static byte[] concat(byte[]... parts) {
        int length = 0;
        for (byte[] part : parts) {
            length += part.length;
        }
        byte[] all = new byte[length];
        int at = 0;
        for (byte[] part : parts) {
            System.arraycopy(part, 0, all, at, part.length);
            at += part.length;
        }
        return all;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
