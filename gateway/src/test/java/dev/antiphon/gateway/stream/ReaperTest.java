package dev.antiphon.gateway.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.backplane.registry.Pods;
import dev.antiphon.gateway.stream.StreamCounters.StreamCount;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.SessionId;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.concurrent.CompletionStage;

/// When a pod records that it is alive, and when it checks for dead ones.
final class ReaperTest {

    private static final PodId POD = new PodId("pod-1");

    private final ManualLoop loop = new ManualLoop();
    private final StreamCounters counters = new StreamCounters();
    private final Registered pods = new Registered();
    private final Reaper reaper = new Reaper(loop, pods, POD, counters);
    private Duration connectedFor = Duration.ZERO;

    /// Counts its calls.
    private static final class Registered implements Pods {
        private final Replies replies = new Replies();
        private int beats;
        private int passes;
        private int dead;

        @Override
        @SuppressWarnings("NullAway") // a stage of Void has no other value
        public CompletionStage<Void> beat(PodId pod) {
            beats++;
            return replies.of(null);
        }

        @Override
        public CompletionStage<Integer> reap() {
            passes++;
            int taken = Math.min(dead, 1_000);
            dead -= taken;
            return replies.of(taken);
        }

        @Override
        public CompletionStage<Integer> forget(SessionId session, PodId pod) {
            throw new AssertionError("not a reaper's");
        }
    }

    private void pass(Duration time) {
        for (long left = time.toNanos(); left > 0; left -= Hub.TICK.toNanos()) {
            loop.pass(Hub.TICK);
            connectedFor = connectedFor.plus(Hub.TICK);
            reaper.tick(connectedFor);
            loop.settle();
        }
    }

    @Test
    void itBeatsAtOnceAndSeveralTimesInALife() {
        reaper.tick(Duration.ZERO);

        assertThat(pods.beats).isOne();
        loop.settle();
        pass(Pods.LIVES);
        assertThat(pods.beats).isGreaterThanOrEqualTo(4);
    }

    @Test
    void noPodIsReapedBeforeAllPodsHadTimeToComeBack() {
        pods.dead = 5;

        pass(Duration.ofSeconds(29));
        assertThat(pods.passes).isZero();
        pass(Duration.ofSeconds(2));

        assertThat(pods.passes).isPositive();
        assertThat(counters.of(StreamCount.REAPED)).isEqualTo(5);
    }

    @Test
    void aRedisThatDoesNotAnswerMakesItWaitAgain() {
        pass(Duration.ofSeconds(40));
        int before = pods.passes;

        pods.replies.away();
        pass(Duration.ofSeconds(3));
        pods.replies.back();
        int whenItWasBack = pods.passes;
        pass(Duration.ofSeconds(25));

        assertThat(before).isPositive();
        assertThat(pods.passes).isEqualTo(whenItWasBack);
        pass(Duration.ofSeconds(10));
        assertThat(pods.passes).isGreaterThan(whenItWasBack);
    }

    @Test
    void aPodThatDiedWithManyConnectionsIsReapedWithoutAPause() {
        pass(Duration.ofSeconds(31));
        pods.dead = 4_500;

        pass(Duration.ofSeconds(8));

        assertThat(counters.of(StreamCount.REAPED)).isEqualTo(4_500);
    }
}
