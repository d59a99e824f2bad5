package dev.antiphon.backplane.doorbell;

import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.Ring;
import dev.antiphon.protocol.RingBatch;

import java.util.Set;

/// Sends rings to pods. Best effort by design: they can be lost, doubled or late. Messages of one process to one pod
/// keep their order, whichever subject they are on. Nothing blocks. Rings that do not fit into the client's bounded
/// buffer are dropped and counted.
///
/// An interface because the simulation has a model of it.
public interface RingSender {

    /// Sends one entry to each of these pods, in a message of its own: a chunk on the contract's subject, another entry
    /// on ours.
    void one(Set<PodId> pods, Ring ring);

    /// Sends a batch, which is not empty, to a pod that takes batches.
    void batch(PodId pod, RingBatch batch);

    /// The largest message that the server takes, in bytes.
    long mostBytes();
}
