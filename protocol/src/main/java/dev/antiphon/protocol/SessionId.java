package dev.antiphon.protocol;

/// One conversation. It belongs to the first user that names it (PROTOCOL.md §4).
///
/// @param value matches {@link Ids#PATTERN}; anything else is refused with {@link InvalidInput}
public record SessionId(String value) {

    public SessionId {
        Ids.check("session_id", value);
    }

    @Override
    public String toString() {
        return value;
    }
}
