package dev.antiphon.backplane.log;

import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.PodId;

import java.util.List;
import java.util.Set;

/// The answer to ending a message from outside its run.
public sealed interface Finish {

    /// The message's end is in the log. The message's worker is fenced.
    record Finished(List<Entry> entries, Set<PodId> pods) implements Finish, Committed {
        public Finished {
            entries = List.copyOf(entries);
            pods = Set.copyOf(pods);
        }
    }

    /// The message had already ended; nothing changed.
    record Ended() implements Finish {}

    /// There is no such message, or it belongs to another user.
    record Unknown() implements Finish {}
}
