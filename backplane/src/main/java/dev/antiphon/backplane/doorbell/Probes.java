package dev.antiphon.backplane.doorbell;

import dev.antiphon.backplane.Nats;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.SessionId;

import io.nats.client.Message;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/// Finds pods without a listener. A plain pod gives no sign of life, and it would take any message that asks for one
/// for a chunk. So now and then a chunk or a batch that is sent anyway carries a reply subject. A pod that listens does
/// not notice; without a listener, the server answers "no responders".
///
/// A pod is given up after three such answers over half a minute, without a probe in between that reached a listener: a
/// pod that only reconnects is back by then. A pod's own reply is ignored, and shows that the pod is alive.
final class Probes {

    private static final int NO_RESPONDERS = 503;

    /// How often one pod is probed while nothing is wrong.
    static final Duration EVERY = Duration.ofSeconds(10);

    /// After so many probes without a listener a pod is given up.
    static final int FAILURES = 3;

    static final Duration SILENT_FOR = Duration.ofSeconds(30);

    /// A probe without an answer after this long has reached a listener: the server answers at once.
    static final Duration ANSWERED_WITHIN = Duration.ofSeconds(5);

    /// Pods that are watched. Beyond this number, those that were rung least recently begin again without a count
    /// against them.
    private static final int MOST_PODS = 1_000;

    /// Answers not yet counted; more are dropped. Later probes are answered too.
    private static final int MOST_PENDING = 65_536;

    private static final long MOST_PENDING_BYTES = 64L << 20;

    /// Probes whose answer is awaited. The server answers at once, and not at all when the probe has reached a listener;
    /// beyond this number, the oldest probes count as such.
    private static final int MOST_PROBES = 1_000;

    /// A probe whose answer is awaited.
    private record Probe(PodId pod, Set<SessionId> sessions) {}

    /// The state of one pod. Guarded by the lock on `pods`.
    private static final class Pod {
        private int failures;
        private long firstFailureAt;
        private long probedAt;
        private boolean answered = true;

        private boolean isSilent(long now) {
            return failures >= FAILURES && now - firstFailureAt >= SILENT_FOR.toNanos();
        }
    }

    private final BiConsumer<SessionId, PodId> giveUp;
    private final LongAdder unheard = new LongAdder();
    private final LongSupplier nanoTime;
    private final String inbox;
    private final Map<PodId, Pod> pods =
            new LinkedHashMap<>(16, 0.75f, true) {
                @Override
                protected boolean removeEldestEntry(Map.Entry<PodId, Pod> eldest) {
                    return size() > MOST_PODS;
                }
            };

    /// By the last part of the reply subject. Guarded by the lock on `pods`.
    private final Map<String, Probe> probes =
            new LinkedHashMap<>() {
                @Override
                protected boolean removeEldestEntry(Map.Entry<String, Probe> eldest) {
                    return size() > MOST_PROBES;
                }
            };

    /// Guarded by the lock on `pods`.
    private long probed;

    /// @param giveUp called for each session in a message that a silent pod did not receive
    Probes(Nats nats, BiConsumer<SessionId, PodId> giveUp, LongSupplier nanoTime) {
        this.giveUp = giveUp;
        this.nanoTime = nanoTime;
        this.inbox = nats.connection().createInbox() + ".";
        // Ends with the connection.
        var _ = nats.listen(this::replied, MOST_PENDING, MOST_PENDING_BYTES, inbox + "*");
    }

    /// The reply subject for the server's "no responders" to the next message for this pod; null when the message is no
    /// probe. For a pod that is given up every message is a probe: each session that still names the pod must lose it.
    ///
    /// @param sessions the sessions of the message
    @Nullable String replyTo(PodId pod, Supplier<Set<SessionId>> sessions) {
        long now = nanoTime.getAsLong();
        synchronized (pods) {
            Pod known = pods.get(pod);
            if (known == null) {
                known = new Pod();
                known.probedAt = now - EVERY.toNanos();
                pods.put(pod, known);
            } else if (!known.answered && now - known.probedAt >= ANSWERED_WITHIN.toNanos()) {
                known.failures = 0; // it listens
            }
            boolean due = now - known.probedAt >= EVERY.toNanos();
            if (!due && !known.isSilent(now)) {
                return null;
            }
            if (due || known.answered) {
                known.probedAt = now; // otherwise there was no answer since then
                known.answered = false;
            }
            String probe = Long.toString(++probed);
            probes.put(probe, new Probe(pod, sessions.get()));
            return inbox + probe;
        }
    }

    /// The pod was given up and must be kept: it begins again without a count against it. Otherwise every message
    /// would trigger a look-up of one of our pods that is cut off from NATS.
    void spare(PodId pod) {
        synchronized (pods) {
            Pod known = pods.get(pod);
            if (known != null) {
                known.failures = 0;
            }
        }
    }

    private void replied(Message message) {
        if (!message.isStatusMessage() || message.getStatus().getCode() != NO_RESPONDERS) {
            return;
        }
        Probe probe;
        synchronized (pods) {
            probe = probes.remove(message.getSubject().substring(inbox.length()));
        }
        if (probe == null) {
            return;
        }
        if (failed(probe.pod())) {
            probe.sessions().forEach(session -> giveUp.accept(session, probe.pod()));
        }
        unheard.increment();
    }

    long unheard() {
        return unheard.sum();
    }

    /// Counts an unanswered probe; returns whether the pod is to be given up.
    private boolean failed(PodId pod) {
        long now = nanoTime.getAsLong();
        synchronized (pods) {
            Pod known = pods.get(pod);
            if (known == null) {
                return false;
            }
            if (known.failures++ == 0) {
                known.firstFailureAt = now;
            }
            known.answered = true;
            return known.isSilent(now);
        }
    }
}
