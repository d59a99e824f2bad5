package dev.antiphon.protocol;

/// A worker process. New at every start, so that a restarted worker is another one.
///
/// @param value matches {@link Ids#PATTERN}; anything else is refused with {@link InvalidInput}
public record WorkerId(String value) {

    public WorkerId {
        Ids.check("worker_id", value);
    }

    @Override
    public String toString() {
        return value;
    }
}
