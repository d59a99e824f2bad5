package dev.antiphon.backplane.doorbell;

import dev.antiphon.backplane.Nats;
import dev.antiphon.protocol.CancelNotice;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.ErasedNotice;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.Ring;
import dev.antiphon.protocol.SessionHint;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.Subjects;
import dev.antiphon.protocol.UserId;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;

/// Rings, and sends notices, over core NATS.
public final class NatsDoorbell implements Doorbell, Notices {

    private final Nats nats;
    private final Probes probes;
    private final LongAdder lost = new LongAdder();

    /// Rings, and finds pods without a listener at the same time.
    ///
    /// @param unheard called when no pod received a session's chunk and its pod has been silent for half a minute; runs
    ///     on a thread of the client, must not block
    public NatsDoorbell(Nats nats, BiConsumer<SessionId, PodId> unheard) {
        this(nats, unheard, System::nanoTime);
    }

    NatsDoorbell(Nats nats, BiConsumer<SessionId, PodId> unheard, LongSupplier nanoTime) {
        this.nats = nats;
        this.probes = new Probes(nats, unheard, nanoTime);
    }

    @Override
    public void ring(Set<PodId> pods, SessionId session, List<Entry> entries) {
        for (Entry entry : entries) {
            Ring ring = new Ring(session, entry);
            byte[] wire = ring.encode();
            for (PodId pod : pods) {
                if (ring.isChunk()) {
                    publish(Subjects.podResponse(pod), probes.replyTo(session, pod), wire);
                } else {
                    publish(Subjects.podEvent(pod), null, wire); // not for plain pods
                }
            }
        }
    }

    @Override
    public void cancelled(SessionId session, MessageId message) {
        publish(Subjects.CANCEL, null, new CancelNotice(session, message).encode());
    }

    @Override
    public void erased(Set<PodId> pods, SessionId session) {
        byte[] wire = new ErasedNotice(session).encode();
        for (PodId pod : pods) {
            publish(Subjects.podEvent(pod), null, wire);
        }
    }

    @Override
    public void changed(UserId user, SessionId session) {
        publish(Subjects.userSessions(user), null, new SessionHint(user, session).encode());
    }

    /// While NATS is unavailable, rings are not kept: they would be stale afterwards, and every pod then reads the log.
    private void publish(String subject, @Nullable String replyTo, byte[] wire) {
        if (!nats.connected()) {
            lost.increment();
            return;
        }
        try {
            nats.connection().publish(subject, replyTo, wire);
        } catch (IllegalStateException | IllegalArgumentException e) {
            // NATS became unavailable after the check, its buffer is full, or the entry is
            // larger than NATS carries: a plain publisher's single piece can be as long as a
            // whole message.
            lost.increment();
        }
    }

    /// Keeps a pod although nothing listens for it. Any thread.
    public void spare(PodId pod) {
        probes.spare(pod);
    }

    /// How often the server reported that nothing listens for a pod.
    public long unheard() {
        return probes.unheard();
    }

    /// How many rings were not sent.
    public long lost() {
        return lost.sum() + nats.dropped();
    }
}
