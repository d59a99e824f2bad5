package dev.antiphon.backplane.log;

import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.PodId;

import java.util.List;
import java.util.Set;

/// The answer to refusing a message.
public sealed interface Refuse {

    /// The message's end is in the log.
    record Refused(List<Entry> entries, Set<PodId> pods) implements Refuse, Committed {
        public Refused {
            entries = List.copyOf(entries);
            pods = Set.copyOf(pods);
        }
    }

    /// A message with this id has a run, or was already refused; nothing changed.
    record Known() implements Refuse {}
}
