package dev.antiphon.gateway.stream;

import dev.antiphon.protocol.EntryId;

/// The place at which a client wants its stream to begin.
public sealed interface Cursor {

    /// It has nothing: it gets the answer in progress and unseen answers from their start.
    record None() implements Cursor {}

    /// It has everything up to this entry.
    record At(EntryId last) implements Cursor {}

    /// It sent something that never was an entry's id: it must begin again, like a client whose place the log has lost.
    record Unknown() implements Cursor {}
}
