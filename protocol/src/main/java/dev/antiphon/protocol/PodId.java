package dev.antiphon.protocol;

/// A gateway process.
///
/// @param value matches {@link Ids#PATTERN}; anything else is refused with {@link InvalidInput}
public record PodId(String value) {

    public PodId {
        Ids.check("pod_id", value);
    }

    @Override
    public String toString() {
        return value;
    }
}
