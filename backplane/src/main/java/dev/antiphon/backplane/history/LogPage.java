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

/// A page of ended answers in a session's log that the history does not have yet.
///
/// @param generation the log's
/// @param settled the entry up to which the history had the log when this page was read
/// @param ended the last entry of the last ended answer; at least 1
/// @param incarnation of the session; empty when it has none
/// @param created when the session's first message was accepted
/// @param entries oldest first; empty when the log has no entry up to `ended` any more
/// @param asked the messages of these entries that have a turn. The request of each is here once the page has the entry
///     that completes its answer, and null before
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
