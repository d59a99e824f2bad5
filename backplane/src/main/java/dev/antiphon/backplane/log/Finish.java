package dev.antiphon.backplane.log;

import dev.antiphon.backplane.SessionPods;
import dev.antiphon.protocol.Entry;

import java.util.List;

/// The answer to ending a message from outside its run.
public sealed interface Finish {

    /// The message's end is in the log. The message's worker is fenced.
    record Finished(List<Entry> entries, SessionPods pods) implements Finish, Committed {
        public Finished {
            entries = List.copyOf(entries);
        }
    }

    /// The message had already ended; nothing changed.
    record Ended() implements Finish {}

    /// There is no such message, or it belongs to another user.
    record Unknown() implements Finish {}
}
