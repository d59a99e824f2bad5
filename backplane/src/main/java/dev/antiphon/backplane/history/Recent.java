package dev.antiphon.backplane.history;

import dev.antiphon.protocol.EntryId;

import java.util.List;

/// The end of a conversation.
///
/// @param turns JSON objects, oldest first: message_id, parent_id, text, answer, finish_reason, model, tokens_used,
///     timestamp and, when the answer failed, error; at most 50 and, beyond the first, 256 KiB
/// @param cursor the entry of the log up to which they reach
public record Recent(List<byte[]> turns, EntryId cursor) {
    public Recent {
        turns = List.copyOf(turns);
    }
}
