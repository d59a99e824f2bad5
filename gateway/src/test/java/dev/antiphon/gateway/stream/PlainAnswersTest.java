package dev.antiphon.gateway.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.backplane.history.History;
import dev.antiphon.backplane.history.Recent;
import dev.antiphon.backplane.history.Said;
import dev.antiphon.backplane.log.Plain;
import dev.antiphon.backplane.log.PlainLog;
import dev.antiphon.gateway.stream.StreamCounters.StreamCount;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.Completion.FinishReason;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/// Which chunks wait in a pod, and for how long, before they are in the log.
final class PlainAnswersTest {

    private static final Completion STOP = new Completion("theirs", 2, FinishReason.STOP);

    private final Pod pod = new Pod();
    private final Offered log = new Offered(pod.log);
    private final Settled history = new Settled();
    private final PlainAnswers plain =
            new PlainAnswers(pod.loop, log, history, pod.hub, pod.counters);

    /// The script's rule in front of the modelled log of the session.
    private static final class Offered implements PlainLog {
        private final ModelLog log;
        private final Replies replies = new Replies();
        private Plain instead = new Plain.Ended();
        private boolean refuses;
        private int next;
        private int calls;

        Offered(ModelLog log) {
            this.log = log;
        }

        @Override
        public CompletionStage<Plain> append(List<Chunk> chunks, boolean closesGap) {
            calls++;
            if (refuses || replies.isAway()) {
                return replies.of(instead);
            }
            List<Entry> added = new ArrayList<>();
            int doubled = 0;
            int gaps = 0;
            boolean ended = false;
            for (Chunk chunk : chunks) {
                if (chunk.chunkId() < next) {
                    doubled++;
                    continue;
                }
                if (chunk.chunkId() > next && (!closesGap || gaps++ > 0)) {
                    break;
                }
                added.add(log.append(EventName.CHUNK, "{\"n\":" + chunk.chunkId() + "}"));
                next = chunk.chunkId() + 1;
                ended |= chunk.completion() != null;
            }
            return replies.of(new Plain.Taken(added, log.end(), next, doubled, gaps, ended));
        }
    }

    private static final class Settled implements History {
        private final Replies replies = new Replies();
        private int settled;

        @Override
        @SuppressWarnings("NullAway") // a stage of Void has no other value
        public CompletionStage<Void> settle(SessionId session) {
            settled++;
            return replies.of(null);
        }

        @Override
        public CompletionStage<List<SessionId>> unsettledSessions(int most) {
            throw new AssertionError("workers look after them");
        }

        @Override
        public CompletionStage<List<Said>> before(
                SessionId session, MessageId message, int mostCharacters) {
            throw new AssertionError("this test calls no model");
        }

        @Override
        public CompletionStage<Optional<Recent>> newest(SessionId session, UserId user) {
            throw new AssertionError("this test begins no log again");
        }
    }

    private static Chunk chunk(int id, @Nullable Completion end) {
        return new Chunk(
                Pod.SESSION,
                new MessageId("m1"),
                id,
                new ChunkBody.Content("text"),
                end,
                Instant.EPOCH,
                "c");
    }

    private void hears(int... ids) {
        for (int id : ids) {
            plain.heard(chunk(id, null));
        }
        pod.loop.settle();
    }

    private void pass(Duration time) {
        for (long left = time.toNanos(); left > 0; left -= Hub.TICK.toNanos()) {
            pod.loop.pass(Hub.TICK);
            plain.tick();
            pod.loop.settle();
        }
    }

    @Test
    void chunksReachTheWatcherInTheirOrderOnceEach() {
        Client client = pod.connect();

        hears(0);
        hears(2);
        hears(1, 1, 3, 0);

        assertThat(client.numbers()).containsExactly(1L, 2L, 3L, 4L);
        assertThat(pod.count(StreamCount.PLAIN_APPENDED)).isEqualTo(4);
        assertThat(pod.count(StreamCount.PLAIN_HELD)).isOne();
        assertThat(pod.count(StreamCount.PLAIN_DOUBLE)).isEqualTo(2);
    }

    @Test
    void entriesThatAnotherPodAppendedAreReadAtOnce() {
        Client client = pod.connect();
        pod.appended(1);
        log.next = 1;

        hears(0);

        assertThat(client.numbers()).containsExactly(1L);
        assertThat(pod.count(StreamCount.PLAIN_APPENDED)).isZero();
    }

    @Test
    void anEarlyChunkWaitsTwoSecondsForTheLostOne() {
        hears(0, 2);
        pass(Duration.ofMillis(1_500));
        assertThat(log.next).isOne();

        pass(Duration.ofSeconds(1));

        assertThat(log.next).isEqualTo(3);
        assertThat(pod.count(StreamCount.PLAIN_GAP)).isOne();
    }

    @Test
    void sixtyFourEarlyChunksWaitNoLonger() {
        hears(0);
        for (int id = 2; id < 2 + PlainAnswers.MOST_HELD; id++) {
            hears(id);
        }

        assertThat(log.next).isEqualTo(2 + PlainAnswers.MOST_HELD);
        assertThat(pod.count(StreamCount.PLAIN_GAP)).isOne();
    }

    @Test
    void chunksThatRedisDoesNotTakeAreOfferedAgain() {
        log.replies.away();
        hears(0, 1);
        assertThat(pod.count(StreamCount.PLAIN_FAILED)).isPositive();

        log.replies.back();
        pass(Duration.ofSeconds(2));

        assertThat(log.next).isEqualTo(2);
    }

    @Test
    void chunksForOurWorkersOrWithoutALogAreNotOfferedAgain() {
        log.refuses = true;
        log.instead = new Plain.Ours();
        hears(0, 1);
        log.instead = new Plain.None();
        hears(2);
        int calls = log.calls;

        pass(Duration.ofSeconds(5));

        assertThat(pod.count(StreamCount.PLAIN_IGNORED)).isEqualTo(2);
        assertThat(pod.count(StreamCount.PLAIN_DROPPED)).isOne();
        assertThat(log.calls).isEqualTo(calls);
    }

    @Test
    void theEndIsPutIntoTheHistoryByWhoAppendedIt() {
        hears(0);
        plain.heard(chunk(1, STOP));
        pod.loop.settle();

        assertThat(history.settled).isOne();
        plain.heard(chunk(1, STOP));
        pod.loop.settle();
        assertThat(history.settled).isOne();
    }

    @Test
    void chunksThatWaitDoNotTakeAllMemory() {
        String megabyte = "x".repeat(1 << 20);
        log.replies.away();
        for (int i = 0; i < 40; i++) {
            plain.heard(
                    new Chunk(
                            Pod.SESSION,
                            new MessageId("m" + i),
                            0,
                            new ChunkBody.Content(megabyte),
                            null,
                            Instant.EPOCH,
                            "c"));
        }
        pod.loop.settle();

        assertThat(pod.count(StreamCount.PLAIN_DROPPED)).isBetween(20L, 30L);
    }
}
