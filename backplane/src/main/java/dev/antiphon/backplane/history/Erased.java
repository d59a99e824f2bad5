package dev.antiphon.backplane.history;

import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.PodId;

import java.util.Optional;
import java.util.Set;

/// The state of a session at the moment of its erasure.
///
/// @param active the message that was being answered
/// @param pods the pods with connections to the session
public record Erased(Optional<MessageId> active, Set<PodId> pods) {
    /// For an old conversation.
    static Optional<Erased> nothingGoingOn() {
        return Optional.of(new Erased(Optional.empty(), Set.of()));
    }

    public Erased {
        pods = Set.copyOf(pods);
    }
}
