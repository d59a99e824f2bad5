package dev.antiphon.backplane.log;

import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.PodId;

import java.util.List;
import java.util.Set;

/// What refusing a message answered.
public sealed interface Refuse {

    /// The message's end is in the log; now it may be rung.
    record Refused(List<Entry> entries, Set<PodId> pods) implements Refuse {
        public Refused {
            entries = List.copyOf(entries);
            pods = Set.copyOf(pods);
        }
    }

    /// A message of this id has a run, or was refused before; nothing changed.
    record Known() implements Refuse {}
}
