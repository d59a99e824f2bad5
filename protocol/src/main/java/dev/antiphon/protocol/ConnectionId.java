package dev.antiphon.protocol;

/// One server-sent-event stream on one pod.
///
/// @param value matches {@link Ids#PATTERN}; anything else is refused with {@link InvalidInput}
public record ConnectionId(String value) {

    public ConnectionId {
        Ids.check("connection_id", value);
    }

    @Override
    public String toString() {
        return value;
    }
}
