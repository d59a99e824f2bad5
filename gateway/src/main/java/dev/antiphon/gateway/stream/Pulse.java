package dev.antiphon.gateway.stream;

import dev.antiphon.gateway.stream.Counters.Count;

import org.jspecify.annotations.Nullable;

import java.time.Duration;

/// Pings and status events of one stream, and the time limit for a client that takes nothing.
final class Pulse {

    /// A client that takes nothing for this long is closed; it comes back with its last id and misses nothing.
    static final long STALLED_AFTER = Duration.ofSeconds(30).toNanos();

    /// Well below the minute after which many proxies close a silent stream.
    static final long PING_EVERY = Duration.ofSeconds(15).toNanos();

    private long pingedAt;
    private long progressAt;
    private long waitedFor;

    /// The state of this pod that the client knows.
    private Standing told = Standing.WELL;

    Pulse(long now) {
        begin(now);
    }

    /// The stream begins.
    void begin(long now) {
        pingedAt = now;
        progressAt = now;
    }

    /// The client takes all its bytes.
    ///
    /// @return the bytes to write now apart from entries, or null
    byte @Nullable [] due(long now, Standing standing, Counters counters) {
        waitedFor = 0;
        progressAt = now;
        if (standing != told) {
            return tell(standing, now, counters);
        }
        if (now - pingedAt >= PING_EVERY) {
            pingedAt = now;
            return LocalEvents.PING;
        }
        return null;
    }

    /// Tells the client the state of this pod.
    ///
    /// @return the bytes to write
    byte[] tell(Standing standing, long now, Counters counters) {
        told = standing;
        pingedAt = now;
        counters.add(Count.STATUS);
        return LocalEvents.status(standing);
    }

    /// The client has not taken all its bytes.
    ///
    /// @param bytesWaiting how many it has not taken
    /// @return whether it has taken nothing for too long
    boolean isStalled(long now, long bytesWaiting) {
        if (bytesWaiting != waitedFor) {
            waitedFor = bytesWaiting;
            progressAt = now;
        }
        return now - progressAt >= STALLED_AFTER;
    }
}
