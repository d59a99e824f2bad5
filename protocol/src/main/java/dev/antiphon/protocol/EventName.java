package dev.antiphon.protocol;

import java.util.Locale;

/// The server-sent events (PROTOCOL.md §5). {@link #MESSAGE}, {@link #CHUNK} and {@link #MESSAGE_COMPLETE}
/// are entries of the session log and carry an id; the others are local to one connection.
public enum EventName {
    CONNECTED,
    MESSAGE,
    CHUNK,
    MESSAGE_COMPLETE,
    STATUS,
    RESYNC,
    REFUSED,
    SESSION,
    LIST;

    private final String wire = name().toLowerCase(Locale.ROOT);

    public String wire() {
        return wire;
    }

    /// The event of this name.
    ///
    /// @throws IllegalArgumentException for a name that is not in the list
    public static EventName of(String wire) {
        for (EventName event : values()) {
            if (event.wire.equals(wire)) {
                return event;
            }
        }
        throw new IllegalArgumentException("unknown event: " + wire);
    }
}
