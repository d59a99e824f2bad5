package dev.antiphon.backplane.log;

import dev.antiphon.backplane.SessionPods;
import dev.antiphon.protocol.Entry;

import java.util.List;

/// An answer of the session log that tells of entries: they are in the log now, and the session's pods must hear of
/// them. A repeated call gets the same entries again.
public sealed interface Committed
        permits Accept.Accepted, Append.Appended, Finish.Finished, Refuse.Refused, Resume.Resumed {

    /// At least one, oldest first.
    List<Entry> entries();

    /// The pods with connections of the session at the moment of the commit; can be empty.
    SessionPods pods();
}
