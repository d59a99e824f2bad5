package dev.antiphon.backplane.doorbell;

import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.SessionId;

import java.util.List;
import java.util.Set;

/// Tells pods about entries that are in the log. Best effort by design: rings can be lost, doubled or late. Only {@link
/// RingingSessionLog} rings, right after a commit.
///
/// An interface because the simulation has a model of it.
public interface Doorbell {

    /// Rings each pod once for each entry, in order: chunks on the contract's subject, others on ours. Does not block.
    /// Rings that do not fit into the client's bounded buffer are dropped and counted.
    void ring(Set<PodId> pods, SessionId session, List<Entry> entries);
}
