package dev.antiphon.gateway.http;

import dev.antiphon.gateway.stream.Cursor;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.InvalidInput;

import org.jspecify.annotations.Nullable;

/// Reads cursors as clients write them.
final class Cursors {

    private Cursors() {}

    /// @param last an event's id, or null or empty for none
    static Cursor read(@Nullable String last) {
        if (last == null || last.isEmpty()) {
            return new Cursor.None();
        }
        try {
            return new Cursor.At(EntryId.parse(last));
        } catch (InvalidInput e) {
            // Not refused: a browser would send it again on every retry. Instead the stream
            // begins again.
            return new Cursor.Unknown();
        }
    }
}
