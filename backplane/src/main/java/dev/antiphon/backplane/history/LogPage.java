package dev.antiphon.backplane.history;

import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.UserId;

import org.jspecify.annotations.Nullable;

import java.time.Instant;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// A page of what has ended in a session's log and is not in its history yet.
///
/// @param generation the log's
/// @param settled the entry up to which the log is in the history, when this page was read
/// @param ended the end of the last answer that has ended; at least 1
/// @param incarnation of the session; empty when it has none
/// @param created when the session's first message was accepted
/// @param entries oldest first; empty when the log holds none of those up to `ended`
/// @param asked the messages of these entries that have a turn, each with what was asked once the entry that completes
///     its answer is on the page, and with null before
public record LogPage(
        long generation,
        long settled,
        long ended,
        UserId owner,
        String incarnation,
        Instant created,
        List<Entry> entries,
        Map<MessageId, @Nullable Asked> asked) {

    public LogPage {
        entries = List.copyOf(entries);
        asked = Collections.unmodifiableMap(new HashMap<>(asked)); // with nulls
    }
}
