package dev.antiphon.gateway.stream;

import dev.antiphon.backplane.registry.Pods;
import dev.antiphon.gateway.stream.StreamCounters.StreamCount;
import dev.antiphon.protocol.PodId;

import java.time.Duration;

/// Records that this pod is alive, and removes dead pods' members from the registry. Every pod does both; it does not
/// matter which one finds a dead pod first.
///
/// All methods are called on the loop.
public final class Reaper {

    /// A killed pod's members are removed after at most this and {@link Pods#LIVES}.
    static final long EVERY = Duration.ofSeconds(5).toNanos();

    /// While Redis was unavailable, no pod could record that it is alive. Every pod gets this long to come back before
    /// it counts as dead.
    static final Duration WAITS_AFTER_CONNECT = Duration.ofSeconds(30);

    private final Loop loop;
    private final Pods pods;
    private final PodId pod;
    private final StreamCounters counters;

    private boolean answered = true;
    private boolean beating;
    private boolean reaping;
    private long beatAt;
    private long reapedAt;
    private long waitsSince;
    private boolean waits;

    /// Begins with the next tick.
    public Reaper(Loop loop, Pods pods, PodId pod, StreamCounters counters) {
        this.loop = loop;
        this.pods = pods;
        this.pod = pod;
        this.counters = counters;
        this.beatAt = loop.nanoTime() - Pods.BEAT_EVERY.toNanos();
        this.reapedAt = loop.nanoTime();
    }

    /// Runs the timers that are due.
    ///
    /// @param connectedFor how long Redis has been connected
    public void tick(Duration connectedFor) {
        long now = loop.nanoTime();
        if (!beating && now - beatAt >= Pods.BEAT_EVERY.toNanos()) {
            beat(now);
        }
        waits &= now - waitsSince < WAITS_AFTER_CONNECT.toNanos();
        if (!waits
                && !reaping
                && connectedFor.compareTo(WAITS_AFTER_CONNECT) >= 0
                && now - reapedAt >= EVERY) {
            reap(now);
        }
    }

    /// Whether Redis answered the last call. It might not answer although the connection is open.
    public boolean isAnswered() {
        return answered;
    }

    private void beat(long now) {
        beating = true;
        beatAt = now;
        var _ =
                pods.beat(pod)
                        .whenComplete((_, failure) ->
                                loop.execute(() -> {
                                    beating = false;
                                    answered = failure == null;
                                    if (failure != null) {
                                        // It answers no calls although the connection is open.
                                        counters.add(StreamCount.REGISTRY_FAILED);
                                        waits = true;
                                        waitsSince = loop.nanoTime();
                                    }
                                }));
    }

    private void reap(long now) {
        reaping = true;
        reapedAt = now;
        var _ =
                pods.reap()
                        .whenComplete((members, failure) ->
                                loop.execute(() -> {
                                    reaping = false;
                                    if (failure != null) {
                                        counters.add(StreamCount.REGISTRY_FAILED);
                                    } else if (members > 0) {
                                        counters.add(StreamCount.REAPED, members);
                                        reapedAt = loop.nanoTime() - EVERY; // perhaps more are left
                                    }
                                }));
    }
}
