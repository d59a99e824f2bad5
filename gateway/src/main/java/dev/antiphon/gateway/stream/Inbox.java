package dev.antiphon.gateway.stream;

import dev.antiphon.gateway.stream.StreamCounters.StreamCount;
import dev.antiphon.protocol.Ring;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// Passes rings from the receiving thread to the loop. The loop is woken once for all rings since its last run, and
/// then takes all of them: under load one wake-up serves hundreds of rings, and each client gets one write for all of
/// its own (measured: draining everything first carries half as much again).
///
/// Bounded by count and bytes; further rings are dropped and counted. The feed sees the gap, or the poll finds it.
final class Inbox {

    /// A second's worth at twice the rate that one loop can serve.
    static final int MOST = 65_536;

    static final long MOST_BYTES = 32L << 20;

    private final Loop loop;
    private final Consumer<List<Ring>> receiver;
    private final StreamCounters counters;

    // The lock (lock) guards these four.
    private final Object lock = new Object();
    private List<Ring> rings = new ArrayList<>();
    private long bytes;
    private boolean woken;
    private long wokenAt;

    /// @param receiver called on the loop with all new rings, in their order
    Inbox(Loop loop, Consumer<List<Ring>> receiver, StreamCounters counters) {
        this.loop = loop;
        this.receiver = receiver;
        this.counters = counters;
    }

    /// Any thread; does not block.
    void offer(List<Ring> offered) {
        synchronized (lock) {
            for (Ring ring : offered) {
                int length = ring.entry().data().length;
                if (rings.size() == MOST || bytes + length > MOST_BYTES) {
                    counters.add(StreamCount.RING_DROPPED);
                } else {
                    rings.add(ring);
                    bytes += length;
                }
            }
            if (woken || rings.isEmpty()) {
                return;
            }
            woken = true;
            wokenAt = loop.nanoTime();
        }
        loop.execute(this::drain);
    }

    private void drain() {
        List<Ring> all;
        long firstCameAt;
        synchronized (lock) {
            firstCameAt = wokenAt;
            all = rings;
            rings = new ArrayList<>();
            bytes = 0;
            woken = false;
        }
        receiver.accept(all);
        counters.relayed(all.size(), loop.nanoTime() - firstCameAt);
    }
}
