package dev.antiphon.backplane.history;

import dev.antiphon.protocol.EntryId;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// The end of a conversation.
///
/// @param turns JSON objects, oldest first: message_id, parent_id, text, answer, finish_reason, model, tokens_used,
///     timestamp and, when there is any, activity and error; at most 50 and, beyond the first, 256 KiB
/// @param cursor the entry of the log up to which the history reaches
/// @param more whether there are older ones
public record Recent(List<byte[]> turns, EntryId cursor, boolean more) {

    /// All turns of the conversation.
    public Recent(List<byte[]> turns, EntryId cursor) {
        this(turns, cursor, false);
    }

    public Recent {
        turns = List.copyOf(turns);
    }

    /// The form for clients: `{"messages":[…],"cursor":"…"}`, and `"more":true` when there are older ones, UTF-8
    /// without line breaks.
    public byte[] json() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(bytes("{\"messages\":["));
        for (int i = 0; i < turns.size(); i++) {
            out.writeBytes(bytes(i == 0 ? "" : ","));
            out.writeBytes(turns.get(i));
        }
        out.writeBytes(bytes("],\"cursor\":\"" + cursor + "\"" + (more ? ",\"more\":true}" : "}")));
        return out.toByteArray();
    }

    private static byte[] bytes(String ascii) {
        return ascii.getBytes(StandardCharsets.US_ASCII);
    }
}
