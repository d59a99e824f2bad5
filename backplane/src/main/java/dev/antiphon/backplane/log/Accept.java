package dev.antiphon.backplane.log;

import dev.antiphon.backplane.SessionPods;
import dev.antiphon.protocol.Entry;

import java.util.List;

/// The answer to accepting a message.
public sealed interface Accept {

    /// The message has its turn. A caller that repeats the call before the message has ended gets the same answer.
    ///
    /// @param entry its `message` entry
    /// @param waitingBefore unfinished messages of the session that come first; 0 when this one is next
    record Accepted(Entry entry, SessionPods pods, int waitingBefore) implements Accept, Committed {
        @Override
        public List<Entry> entries() {
            return List.of(entry);
        }
    }

    /// The same message was accepted before and has ended; nothing changed.
    record Duplicate() implements Accept {}

    /// A message with this id was accepted before with another body or in a session that was deleted lately, or was
    /// refused.
    record Conflict() implements Accept {}

    /// The session belongs to another user.
    record Foreign() implements Accept {}

    /// The session has the maximum number of unfinished messages; try again when one has ended.
    record Full() implements Accept {}
}
