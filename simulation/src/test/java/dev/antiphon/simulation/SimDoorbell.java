package dev.antiphon.simulation;

import dev.antiphon.backplane.doorbell.Notices;
import dev.antiphon.backplane.doorbell.RingSender;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.Ring;
import dev.antiphon.protocol.RingBatch;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import java.util.Comparator;
import java.util.Set;

/// One process' side of the pods' subjects and of the notices.
class SimDoorbell implements RingSender, Notices {

    /// A small server: some batches must be split.
    private static final int MOST_BYTES = 2_000;

    private final Host host;
    private final Nats nats;

    SimDoorbell(Host host, Nats nats) {
        this.host = host;
        this.nats = nats;
    }

    @Override
    public void one(Set<PodId> pods, Ring ring) {
        pods.stream()
                .sorted(Comparator.comparing(PodId::value))
                .forEach(pod -> nats.ring(host, pod, ring));
    }

    @Override
    public void batch(PodId pod, RingBatch batch) {
        nats.ring(host, pod, batch);
    }

    @Override
    public long mostBytes() {
        return MOST_BYTES;
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
