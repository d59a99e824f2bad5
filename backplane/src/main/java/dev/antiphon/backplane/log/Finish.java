package dev.antiphon.backplane.log;

import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.PodId;

import java.util.List;
import java.util.Set;

/// What ending a message from outside its run answered.
public sealed interface Finish {

    /// The message's end is in the log; now it may be rung. Its worker is fenced.
    record Finished(List<Entry> entries, Set<PodId> pods) implements Finish {
        public Finished {
            entries = List.copyOf(entries);
            pods = Set.copyOf(pods);
        }
    }

    /// The message had ended before; nothing changed.
    record Ended() implements Finish {}

    /// There is no such message, or it is not the user's.
    record Unknown() implements Finish {}
}
