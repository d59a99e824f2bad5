package dev.antiphon.protocol;

/// A user's turn together with its answer; unique within its session only.
///
/// @param value matches {@link Ids#PATTERN}; anything else is refused with {@link InvalidInput}
public record MessageId(String value) {

    public MessageId {
        Ids.check("message_id", value);
    }

    @Override
    public String toString() {
        return value;
    }
}
