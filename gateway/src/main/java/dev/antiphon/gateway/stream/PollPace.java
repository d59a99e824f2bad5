package dev.antiphon.gateway.stream;

import dev.antiphon.protocol.EventName;

import java.time.Duration;

/// When a feed asks for the end of its log, because rings might have been lost: soon while an answer is in progress or
/// rings cannot arrive, otherwise rarely. Times are those of {@link Loop#nanoTime}.
final class PollPace {

    /// How soon the log is polled when rings are missing while an answer is in progress, or cannot arrive at all.
    static final long ACTIVE = Duration.ofSeconds(1).toNanos();

    /// The same when no entry is expected.
    static final long IDLE = Duration.ofSeconds(10).toNanos();

    /// After this much silence, the next entry of an answer is not likely to come soon.
    static final long EXPECT_FOR = Duration.ofSeconds(60).toNanos();

    private int unanswered;
    private long heardAt;
    private long polledAt;

    PollPace(long now) {
        this.heardAt = now;
        this.polledAt = now;
    }

    /// The end of the log has become known.
    ///
    /// @param answering whether a message before the end is not answered yet
    void begins(boolean answering, long now) {
        heardAt = now;
        unanswered = answering ? 1 : 0;
    }

    /// An entry has been taken.
    void heard(EventName event, long now) {
        heardAt = now;
        switch (event) {
            case MESSAGE -> unanswered++;
            case CHUNK -> unanswered = Math.max(unanswered, 1);
            case MESSAGE_COMPLETE -> unanswered = Math.max(unanswered - 1, 0);
            case CONNECTED, STATUS, RESYNC, REFUSED, SESSION, LIST -> {}
        }
    }

    void polled(long now) {
        polledAt = now;
    }

    /// How long no entry has come.
    long silence(long now) {
        return now - heardAt;
    }

    boolean isPollDue(long now, PodStatus status) {
        boolean expecting = unanswered > 0 && silence(now) < EXPECT_FOR;
        long every = expecting || status == PodStatus.NATS_UNAVAILABLE ? ACTIVE : IDLE;
        return now - Math.max(heardAt, polledAt) >= every;
    }
}
