package dev.antiphon.backplane;

import dev.antiphon.protocol.PodId;

import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Set;

/// The distinct pods with connections of one session, by the way in which they get its entries.
///
/// @param batched pods whose every connection says that they take batches
/// @param single the others: each entry has a message of its own. Plain pods, our pods of an older version, and names
///     that two programs use
public record SessionPods(Set<PodId> batched, Set<PodId> single) {

    /// No pod has a connection.
    public static final SessionPods NONE = new SessionPods(Set.of(), Set.of());

    /// Keeps the order of both sets.
    public SessionPods {
        batched = Collections.unmodifiableSet(new LinkedHashSet<>(batched));
        single = Collections.unmodifiableSet(new LinkedHashSet<>(single));
    }

    public Set<PodId> all() {
        Set<PodId> all = new LinkedHashSet<>(batched);
        all.addAll(single);
        return all;
    }

    public boolean isEmpty() {
        return batched.isEmpty() && single.isEmpty();
    }
}
