package dev.antiphon.protocol;

/// The owner of sessions.
///
/// @param value matches {@link Ids#PATTERN}; anything else is refused with {@link InvalidInput}
public record UserId(String value) {

    public UserId {
        Ids.check("user_id", value);
    }

    @Override
    public String toString() {
        return value;
    }
}
