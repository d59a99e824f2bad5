package dev.antiphon.protocol;

/// One server-sent-event stream on one pod.
///
/// @param value matches {@link Ids#PATTERN}; anything else is refused with {@link InvalidInput}
public record ConnectionId(String value) {

    /// The beginning of the ids that our pods make: such a pod takes batches of version 1 ({@link RingBatch}). An id is
    /// read at every append, so it cannot be out of date when another program uses the pod's name.
    private static final String TAKES_BATCHES = "batch1_";

    public ConnectionId {
        Ids.check("connection_id", value);
    }

    /// Makes a new id of a pod that takes batches. Any thread.
    public static ConnectionId mint() {
        return new ConnectionId(Ids.mint(TAKES_BATCHES));
    }

    /// Whether the pod of this connection takes batches.
    ///
    /// @param id of any program; need not be valid
    public static boolean takesBatches(String id) {
        return id.startsWith(TAKES_BATCHES);
    }

    @Override
    public String toString() {
        return value;
    }
}
