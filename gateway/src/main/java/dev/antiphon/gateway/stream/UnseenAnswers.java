package dev.antiphon.gateway.stream;

import dev.antiphon.backplane.registry.Attach.Attached;
import dev.antiphon.gateway.stream.StreamCounters.StreamCount;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.SessionId;

import org.jspecify.annotations.Nullable;

/// The answers of a session that ended while no client was connected. One connection gets them, and when it has got
/// past them, the registry forgets them. Lives on the loop.
final class UnseenAnswers {

    private final SessionId session;
    private final PodServices services;

    /// Names the answers for the registry; null when there are none, or no longer.
    private @Nullable Long unseen;

    private long until;

    UnseenAnswers(SessionId session, PodServices services) {
        this.session = session;
        this.services = services;
    }

    void attached(Attached attached) {
        unseen = attached.unseen().isPresent() ? attached.unseen().getAsLong() : null;
        until = attached.tail().number();
    }

    /// Everything up to this place was written, and that write has left.
    void wereWritten(EntryId place) {
        Long seen = unseen;
        if (seen != null && place.number() >= until) {
            unseen = null;
            services.calls()
                    .ask(
                            () -> services.registry().seen(session, seen),
                            _ -> {},
                            // The next reader without an id sees it again: better than never.
                            _ -> services.counters().add(StreamCount.REGISTRY_FAILED));
        }
    }
}
