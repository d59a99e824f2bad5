package dev.antiphon.simulation;

import dev.antiphon.backplane.queue.StoredRequest;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.Subjects;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/// The work queue as JetStream implements it, without the network: at-least-once delivery, an ack wait, negative acks
/// with a delay, a window for duplicates, and acks that count for any delivery of the request.
class ModelQueue {

    static final Duration ACK_WAIT = Duration.ofSeconds(30);
    static final Duration DEDUPE = Duration.ofMinutes(2);

    /// One stored request. Free from `freeAt` on; an orphan was acked, is still stored and is never delivered.
    static final class Stored {
        final StoredRequest request;
        long freeAt;
        int deliveries;
        boolean orphan;

        Stored(StoredRequest request) {
            this.request = request;
        }
    }

    private final LongSupplier clock;
    private final Map<Long, Stored> stored = new LinkedHashMap<>();
    private final Map<String, Long> recent = new LinkedHashMap<>();
    private long sequence;

    ModelQueue(LongSupplier clock) {
        this.clock = clock;
    }

    /// Stores a request, unless one with this id was stored within the window.
    ///
    /// @return whether it was stored
    boolean publish(@Nullable String id, String subject, byte[] data, boolean republished) {
        long now = clock.getAsLong();
        recent.values().removeIf(at -> now - at >= DEDUPE.toNanos());
        if (id != null && recent.containsKey(id)) {
            return false;
        }
        if (id != null) {
            recent.put(id, now);
        }
        sequence++;
        Instant at = Instant.EPOCH.plusNanos(now);
        stored.put(
                sequence, new Stored(new StoredRequest(subject, data, sequence, at, republished)));
        return true;
    }

    /// Returns the next free request; null when there is none.
    @Nullable Stored next() {
        long now = clock.getAsLong();
        for (Stored each : stored.values()) {
            if (!each.orphan && each.freeAt <= now) {
                each.deliveries++;
                each.freeAt = now + ACK_WAIT.toNanos();
                return each;
            }
        }
        return null;
    }

    /// Withdraws all requests of a session.
    void forget(SessionId session) {
        stored.values().removeIf(each -> each.request.subject().equals(subject(session)));
    }

    boolean isStored(StoredRequest request) {
        return stored.containsKey(request.sequence()) || sequence < request.sequence();
    }

    /// Removes a request. The ack of an older delivery does so too.
    void ack(long which) {
        stored.remove(which);
    }

    void retryAfter(long which, Duration delay) {
        Stored found = stored.get(which);
        if (found != null && !found.orphan) {
            found.freeAt = clock.getAsLong() + delay.toNanos();
        }
    }

    void inProgress(long which) {
        retryAfter(which, ACK_WAIT);
    }

    /// Requests that were never delivered.
    long waiting() {
        return stored.values().stream()
                .filter(each -> each.deliveries == 0 && !each.orphan)
                .count();
    }

    List<StoredRequest> before(StoredRequest request, int most) {
        return stored.values().stream()
                .map(each -> each.request)
                .filter(each ->
                        each.subject().equals(request.subject())
                                && each.sequence() < request.sequence())
                .limit(most)
                .toList();
    }

    /// Frees orphans below all requests that are still to be acked.
    long purgeDone() {
        long floor =
                stored.values().stream()
                        .filter(each -> !each.orphan)
                        .mapToLong(each -> each.request.sequence())
                        .min()
                        .orElse(Long.MAX_VALUE);
        long before = stored.size();
        stored.values().removeIf(each -> each.orphan && each.request.sequence() < floor);
        return before - stored.size();
    }

    /// A killed server has lost the ack of this request, and does not deliver it either.
    void orphan(StoredRequest acked) {
        Stored orphan = new Stored(acked);
        orphan.orphan = true;
        stored.put(acked.sequence(), orphan);
    }

    /// The disk is lost.
    void lose() {
        stored.clear();
        recent.clear();
        sequence = 0; // a recreated stream counts from the start
    }

    List<Stored> all() {
        return new ArrayList<>(stored.values());
    }

    @Nullable Stored stored(long which) {
        return stored.get(which);
    }

    static String subject(SessionId session) {
        return Subjects.execute(session);
    }
}
