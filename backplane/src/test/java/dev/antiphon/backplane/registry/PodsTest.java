package dev.antiphon.backplane.registry;

import static dev.antiphon.backplane.RealRedis.answer;
import static dev.antiphon.backplane.log.Chat.SESSION;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.backplane.RealRedis;
import dev.antiphon.backplane.log.Chat;
import dev.antiphon.protocol.ConnectionId;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.SessionId;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.util.stream.IntStream;

/// The scripts reap and forget.
final class PodsTest {

    private static final PodId LIVING = new PodId("pod-1");
    private static final PodId DEAD = new PodId("pod-2");
    private static final PodId PLAIN = new PodId("plain");

    @RegisterExtension static final RealRedis REDIS = new RealRedis();

    private final Pods pods = new RedisPods(REDIS.redis());

    private void attach(PodId pod, SessionId session, String connection) {
        answer(
                new RedisConnectionRegistry(REDIS.redis(), pod)
                        .attach(session, Chat.USER, new ConnectionId(connection), true));
    }

    private void killed(PodId pod) {
        answer(pods.beat(pod));
        REDIS.commands().del(Keys.podAlive(pod));
    }

    @Test
    void aBeatLastsAsLongAsAPodMayBeSilent() {
        answer(pods.beat(LIVING));

        assertThat(REDIS.commands().pttl(Keys.podAlive(LIVING)))
                .isBetween(1L, Pods.LIVES.toMillis());
        assertThat(REDIS.commands().smembers(Keys.PODS)).containsExactly("pod-1");
    }

    @Test
    void onlyADeadPodsMembersAreRemoved() {
        answer(pods.beat(LIVING));
        killed(DEAD);
        SessionId other = new SessionId("s2");
        attach(LIVING, SESSION, "c1");
        attach(DEAD, SESSION, "c2");
        attach(DEAD, SESSION, "c3");
        attach(DEAD, other, "c4");
        REDIS.commands().sadd(Keys.connections(SESSION), "plain:c2");
        REDIS.commands().sadd(Keys.podConnections(DEAD), "not of ours");

        assertThat(answer(pods.reap())).isEqualTo(3);
        assertThat(answer(pods.reap())).isZero();

        assertThat(REDIS.commands().smembers(Keys.connections(SESSION)))
                .containsExactlyInAnyOrder("pod-1:c1", "plain:c2");
        assertThat(REDIS.commands().exists(Keys.connections(other), Keys.podConnections(DEAD)))
                .isZero();
        assertThat(REDIS.commands().smembers(Keys.PODS)).containsExactly("pod-1");
    }

    @Test
    void onePassTakesOutABoundedNumberAndTheNextContinues() {
        killed(DEAD);
        REDIS.commands()
                .sadd(
                        Keys.podConnections(DEAD),
                        IntStream.range(0, 2_500).mapToObj(i -> "s1:c" + i).toArray(String[]::new));
        REDIS.commands()
                .sadd(
                        Keys.connections(SESSION),
                        IntStream.range(0, 2_500)
                                .mapToObj(i -> "pod-2:c" + i)
                                .toArray(String[]::new));

        assertThat(answer(pods.reap())).isEqualTo(1_000);
        assertThat(answer(pods.reap())).isEqualTo(1_000);
        assertThat(answer(pods.reap())).isEqualTo(500);

        assertThat(REDIS.commands().exists(Keys.connections(SESSION))).isZero();
        assertThat(REDIS.commands().exists(Keys.PODS)).isZero();
    }

    @Test
    void aPodThatWasOnlyAsleepRegistersAgain() {
        killed(LIVING);
        attach(LIVING, SESSION, "c1");
        answer(pods.reap());

        answer(pods.beat(LIVING));
        answer(
                new RedisConnectionRegistry(REDIS.redis(), LIVING)
                        .refresh(SESSION, new ConnectionId("c1")));
        answer(pods.reap());

        assertThat(REDIS.commands().smembers(Keys.connections(SESSION)))
                .containsExactly("pod-1:c1");
        assertThat(REDIS.commands().smembers(Keys.PODS)).containsExactly("pod-1");
    }

    @Test
    void aPlainPodIsRemovedFromTheSessionThatItDidNotReceive() {
        SessionId other = new SessionId("s2");
        REDIS.commands()
                .sadd(Keys.connections(SESSION), "plain:c1", "plain:c2", "plain-2:c1", "plain");
        REDIS.commands().sadd(Keys.connections(other), "plain:c3");

        assertThat(answer(pods.forget(SESSION, PLAIN))).isEqualTo(2);

        assertThat(REDIS.commands().smembers(Keys.connections(SESSION)))
                .containsExactlyInAnyOrder("plain-2:c1", "plain");
        assertThat(REDIS.commands().smembers(Keys.connections(other))).containsExactly("plain:c3");
    }

    /// It can be cut off from NATS for any time: it reads the log.
    @Test
    void aPodOfOursIsNotForgottenBecauseItDoesNotHear() {
        attach(LIVING, SESSION, "c1");
        assertThat(answer(pods.forget(SESSION, LIVING))).isZero();

        REDIS.commands().del(Keys.podConnections(LIVING));
        answer(pods.beat(LIVING));
        assertThat(answer(pods.forget(SESSION, LIVING))).isZero();

        assertThat(REDIS.commands().smembers(Keys.connections(SESSION)))
                .containsExactly("pod-1:c1");
    }
}
