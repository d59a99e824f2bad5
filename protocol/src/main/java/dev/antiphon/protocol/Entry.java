package dev.antiphon.protocol;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// One entry of a session log. Its data is the JSON that browsers get, byte for byte: the process that appends it
/// encodes it once.
///
/// @param data UTF-8 JSON without line breaks; never modified after construction (not copied, because every entry
///     passes here)
@SuppressWarnings("ArrayRecordComponent") // a copy per access would be the hot path's main cost
public record Entry(EntryId id, EventName event, byte[] data) {

    /// The entry as a server-sent event (WHATWG HTML §9.2.6). JSON has no raw line break, so one data line is enough.
    public byte[] frame() {
        byte[] head =
                ("id: " + id + "\nevent: " + event.wire() + "\ndata: ")
                        .getBytes(StandardCharsets.US_ASCII);
        byte[] frame = Arrays.copyOf(head, head.length + data.length + 2);
        System.arraycopy(data, 0, frame, head.length, data.length);
        frame[frame.length - 2] = '\n';
        frame[frame.length - 1] = '\n';
        return frame;
    }

    public String dataText() {
        return new String(data, StandardCharsets.UTF_8);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Entry(EntryId otherId, EventName otherEvent, byte[] otherData)
                && id.equals(otherId)
                && event == otherEvent
                && Arrays.equals(data, otherData);
    }

    @Override
    public int hashCode() {
        return id.hashCode();
    }

    @Override
    public String toString() {
        return id + " " + event.wire() + " " + dataText();
    }
}
