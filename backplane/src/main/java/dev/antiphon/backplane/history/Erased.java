package dev.antiphon.backplane.history;

import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.PodId;

import java.util.Optional;
import java.util.Set;

/// What was going on in a session when it was erased.
///
/// @param active the message that was being answered
/// @param pods where somebody was connected
public record Erased(Optional<MessageId> active, Set<PodId> pods) {
    /// An old conversation.
    static Optional<Erased> nothingGoingOn() {
        return Optional.of(new Erased(Optional.empty(), Set.of()));
    }

    public Erased {
        pods = Set.copyOf(pods);
    }
}
