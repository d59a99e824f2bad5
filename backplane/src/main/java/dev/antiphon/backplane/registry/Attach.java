package dev.antiphon.backplane.registry;

import dev.antiphon.protocol.EntryId;

import java.util.OptionalLong;

/// The answer to attaching a connection to its session.
public sealed interface Attach {

    /// The connection is registered: entries after `tail` will be rung.
    ///
    /// @param start where a reader without a cursor begins: before the answer in progress and before answers that ended
    ///     while no client was connected; the tail when there are none
    /// @param unseen present when answers ended unseen: the number of their last entry, for
    ///     {@link ConnectionRegistry#seen} once everything up to it is sent
    record Attached(EntryId tail, EntryId start, OptionalLong unseen) implements Attach {}

    /// The session belongs to another user; nothing was registered.
    record Foreign() implements Attach {}
}
