package dev.antiphon.backplane.doorbell;

import dev.antiphon.backplane.Nats;
import dev.antiphon.protocol.CancelNotice;
import dev.antiphon.protocol.ErasedNotice;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.Ring;
import dev.antiphon.protocol.RingBatch;
import dev.antiphon.protocol.SessionHint;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.Subjects;
import dev.antiphon.protocol.UserId;

import org.jspecify.annotations.Nullable;

import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;

/// Sends rings and notices over core NATS.
public final class NatsDoorbell implements RingSender, Notices {

    private final Nats nats;
    private final Probes probes;
    private final LongAdder sent = new LongAdder();
    private final LongAdder batches = new LongAdder();
    private final LongAdder lost = new LongAdder();

    /// Finds pods without a listener while it sends.
    ///
    /// @param unheard called when no pod received a session's entries and its pod has been silent for half a minute;
    ///     runs on a thread of the client, must not block
    public NatsDoorbell(Nats nats, BiConsumer<SessionId, PodId> unheard) {
        this(nats, unheard, System::nanoTime);
    }

    NatsDoorbell(Nats nats, BiConsumer<SessionId, PodId> unheard, LongSupplier nanoTime) {
        this.nats = nats;
        this.probes = new Probes(nats, unheard, nanoTime);
    }

    @Override
    public void one(Set<PodId> pods, Ring ring) {
        byte[] wire = ring.encode();
        for (PodId pod : pods) {
            if (ring.isChunk()) {
                String replyTo = probes.replyTo(pod, () -> Set.of(ring.session()));
                send(Subjects.podResponse(pod), replyTo, wire, 1);
            } else {
                send(Subjects.podEvent(pod), null, wire, 1); // not for plain pods
            }
        }
    }

    @Override
    public void batch(PodId pod, RingBatch batch) {
        String replyTo = probes.replyTo(pod, batch::sessions);
        if (send(Subjects.podBatch(pod), replyTo, batch.encode(), batch.rings().size())) {
            batches.increment();
        }
    }

    @Override
    public long mostBytes() {
        long most = nats.connection().getMaxPayload();
        return most > 0 ? most : Long.MAX_VALUE; // unknown until the first server has answered
    }

    private boolean send(String subject, @Nullable String replyTo, byte[] wire, int rings) {
        boolean taken = publish(subject, replyTo, wire);
        (taken ? sent : lost).add(rings);
        return taken;
    }

    @Override
    public void cancelled(SessionId session, MessageId message) {
        notice(Subjects.CANCEL, new CancelNotice(session, message).encode());
    }

    @Override
    public void erased(Set<PodId> pods, SessionId session) {
        byte[] wire = new ErasedNotice(session).encode();
        for (PodId pod : pods) {
            notice(Subjects.podEvent(pod), wire);
        }
    }

    @Override
    public void changed(UserId user, SessionId session) {
        notice(Subjects.userSessions(user), new SessionHint(user, session).encode());
    }

    private void notice(String subject, byte[] wire) {
        if (!publish(subject, null, wire)) {
            lost.increment();
        }
    }

    /// While NATS is unavailable, rings are not kept: they would be stale afterwards, and every pod then reads the log.
    ///
    /// @return whether the client has taken the message
    private boolean publish(String subject, @Nullable String replyTo, byte[] wire) {
        if (!nats.connected()) {
            return false;
        }
        try {
            nats.connection().publish(subject, replyTo, wire);
            return true;
        } catch (IllegalStateException | IllegalArgumentException e) {
            // NATS became unavailable after the check, its buffer is full, or the entry is
            // larger than NATS carries: a plain publisher's single piece can be as long as a
            // whole message.
            return false;
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

    /// How many rings were sent: one for each entry and pod.
    public long sent() {
        return sent.sum();
    }

    /// How many messages carried a batch of rings.
    public long batches() {
        return batches.sum();
    }

    /// How many rings were not sent.
    public long lost() {
        return lost.sum() + nats.dropped();
    }
}
