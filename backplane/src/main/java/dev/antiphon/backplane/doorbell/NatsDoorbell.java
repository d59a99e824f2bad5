package dev.antiphon.backplane.doorbell;

import dev.antiphon.backplane.Nats;
import dev.antiphon.protocol.CancelNotice;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.Ring;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.Subjects;

import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;

/// Rings over core NATS.
public final class NatsDoorbell implements Doorbell {

    private final Nats nats;
    private final LongAdder lost = new LongAdder();

    public NatsDoorbell(Nats nats) {
        this.nats = nats;
    }

    @Override
    public void ring(Set<PodId> pods, SessionId session, List<Entry> entries) {
        for (Entry entry : entries) {
            Ring ring = new Ring(session, entry);
            byte[] wire = ring.encode();
            for (PodId pod : pods) {
                publish(ring.isChunk() ? Subjects.podResponse(pod) : Subjects.podEvent(pod), wire);
            }
        }
    }

    @Override
    public void cancelled(SessionId session, MessageId message) {
        publish(Subjects.CANCEL, new CancelNotice(session, message).encode());
    }

    /// While NATS is away rings are not kept: they would be stale when it is back, and every pod then reads the log.
    private void publish(String subject, byte[] wire) {
        if (!nats.connected()) {
            lost.increment();
            return;
        }
        try {
            nats.connection().publish(subject, wire);
        } catch (IllegalStateException | IllegalArgumentException e) {
            // It went away since the check, its buffer is full, or the entry is larger than NATS
            // carries: a plain publisher's word can be as long as a whole message may be.
            lost.increment();
        }
    }

    /// How many rings were not sent.
    public long lost() {
        return lost.sum() + nats.dropped();
    }
}
