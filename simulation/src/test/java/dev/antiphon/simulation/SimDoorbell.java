package dev.antiphon.simulation;

import dev.antiphon.backplane.doorbell.Doorbell;
import dev.antiphon.backplane.doorbell.Notices;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import java.util.List;
import java.util.Set;

/// One process' side of the pods' subjects and of the notices.
record SimDoorbell(Host host, Nats nats) implements Doorbell, Notices {

    @Override
    public void ring(Set<PodId> pods, SessionId session, List<Entry> entries) {
        nats.ring(host, pods, session, entries);
    }

    @Override
    public void cancelled(SessionId session, MessageId message) {
        nats.cancelled(session, message);
    }

    @Override
    public void erased(Set<PodId> pods, SessionId session) {
        // A world erases without a gateway; its readers find it by themselves.
    }

    @Override
    public void changed(UserId user, SessionId session) {
        // No browser of the simulation shows a list.
    }
}
