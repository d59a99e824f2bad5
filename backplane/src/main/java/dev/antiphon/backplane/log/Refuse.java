package dev.antiphon.backplane.log;

import dev.antiphon.backplane.SessionPods;
import dev.antiphon.protocol.Entry;

import java.util.List;

/// The answer to refusing a message.
public sealed interface Refuse {

    /// The message's end is in the log.
    record Refused(List<Entry> entries, SessionPods pods) implements Refuse, Committed {
        public Refused {
            entries = List.copyOf(entries);
        }
    }

    /// A message with this id has a run, or was already refused; nothing changed.
    record Known() implements Refuse {}
}
