package dev.antiphon.gateway.stream;

import dev.antiphon.backplane.registry.Pods;
import dev.antiphon.gateway.stream.Counters.Count;
import dev.antiphon.protocol.PodId;

import java.time.Duration;

/// Says that this pod lives, and takes out of the registry what dead pods left there. Every pod does both; who of them
/// finds a dead one first does not matter.
///
/// All methods are called on the loop.
public final class Reaper {

    /// A killed pod's members are gone after this and {@link Pods#LIVES} at most.
    static final long EVERY = Duration.ofSeconds(5).toNanos();

    /// While Redis was away nobody could say that he lives. Everyone gets this long to come back before he counts as dead.
    static final Duration WAITS_AFTER_CONNECT = Duration.ofSeconds(30);

    private final Loop loop;
    private final Pods pods;
    private final PodId pod;
    private final Counters counters;

    private boolean answered = true;
    private boolean beating;
    private boolean reaping;
    private long beatAt;
    private long reapedAt;
    private long waitsSince;
    private boolean waits;

    /// Begins with the next tick.
    public Reaper(Loop loop, Pods pods, PodId pod, Counters counters) {
        this.loop = loop;
        this.pods = pods;
        this.pod = pod;
        this.counters = counters;
        this.beatAt = loop.nanoTime() - Pods.BEAT_EVERY.toNanos();
        this.reapedAt = loop.nanoTime();
    }

    /// Does what is due by now.
    ///
    /// @param connectedFor for how long Redis has been there
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

    /// Whether Redis answered when it was asked last. It may not though the connection stands.
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
                                        // It answers nobody, though the connection stands.
                                        counters.add(Count.REGISTRY_FAILED);
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
                                        counters.add(Count.REGISTRY_FAILED);
                                    } else if (members > 0) {
                                        counters.add(Count.REAPED, members);
                                        reapedAt = loop.nanoTime() - EVERY; // perhaps more are left
                                    }
                                }));
    }
}
