package dev.antiphon.gateway.stream;

import dev.antiphon.gateway.stream.StreamCounters.StreamCount;

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
    private PodStatus announced = PodStatus.WELL;

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
    byte @Nullable [] due(long now, PodStatus status, StreamCounters counters) {
        waitedFor = 0;
        progressAt = now;
        if (status != announced) {
            return announce(status, now, counters);
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
    byte[] announce(PodStatus status, long now, StreamCounters counters) {
        announced = status;
        pingedAt = now;
        counters.add(StreamCount.STATUS);
        return LocalEvents.status(status);
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
