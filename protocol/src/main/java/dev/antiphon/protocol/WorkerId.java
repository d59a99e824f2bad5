package dev.antiphon.protocol;

/// A worker process. The id is new at every start, so a restarted worker is another worker.
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
