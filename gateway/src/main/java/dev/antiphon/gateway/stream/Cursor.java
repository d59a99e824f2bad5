package dev.antiphon.gateway.stream;

import dev.antiphon.protocol.EntryId;

/// Where a client says that its stream should begin.
public sealed interface Cursor {

    /// It has nothing: the answer in flight and answers that nobody saw are shown from their start.
    record None() implements Cursor {}

    /// It has everything up to this entry.
    record At(EntryId last) implements Cursor {}

    /// It named something that never was an entry's id: it must begin again, as one whose place the log has lost.
    record Unknown() implements Cursor {}
}
