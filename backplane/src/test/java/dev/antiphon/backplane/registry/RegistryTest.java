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

final class RegistryTest {

    private static final PodId POD = new PodId("pod-1");
    private static final ConnectionId C1 = new ConnectionId("c1");

    @RegisterExtension static final RealRedis REDIS = new RealRedis();

    private final RedisConnectionRegistry registry =
            new RedisConnectionRegistry(REDIS.redis(), POD);

    private void attach(SessionId session, String connection) {
        answer(registry.attach(session, Chat.USER, new ConnectionId(connection), true));
    }

    @Test
    void aDetachedConnectionIsRemovedFromSessionAndPod() {
        attach(SESSION, "c1");
        attach(SESSION, "c2");

        answer(registry.detach(SESSION, C1));
        answer(registry.detach(SESSION, C1));

        assertThat(REDIS.commands().smembers(Keys.connections(SESSION)))
                .containsExactly("pod-1:c2");
        assertThat(REDIS.commands().smembers(Keys.podConnections(POD))).containsExactly("s1:c2");
    }

    @Test
    void aRefreshBringsBackWhatALostRedisForgot() {
        attach(SESSION, "c1");
        REDIS.commands().flushall();

        answer(registry.refresh(SESSION, C1));

        assertThat(REDIS.commands().smembers(Keys.connections(SESSION)))
                .containsExactly("pod-1:c1");
        assertThat(REDIS.commands().smembers(Keys.podConnections(POD))).containsExactly("s1:c1");
    }

    @Test
    void atBootAPodTakesOutWhatItLeftBehindAndNothingElse() {
        attach(SESSION, "c1");
        attach(new SessionId("s2"), "c2");
        REDIS.commands().sadd(Keys.connections(SESSION), "pod-2:c9", "plain:conn-1");
        REDIS.commands().sadd(Keys.podConnections(POD), "not of ours", "s3");

        answer(registry.purge());
        answer(registry.purge());

        assertThat(REDIS.commands().smembers(Keys.connections(SESSION)))
                .containsExactlyInAnyOrder("pod-2:c9", "plain:conn-1");
        assertThat(REDIS.commands().exists(Keys.connections(new SessionId("s2")))).isZero();
        assertThat(REDIS.commands().exists(Keys.podConnections(POD))).isZero();
    }

    /// More than the limit of concurrent calls.
    @Test
    void aPodThatDiedWithManyConnectionsComesUpAgain() {
        String[] members =
                IntStream.range(0, 12_000).mapToObj(i -> "s" + i + ":c").toArray(String[]::new);
        REDIS.commands().sadd(Keys.podConnections(POD), members);
        for (int i = 0; i < 12_000; i += 4_000) {
            REDIS.commands().sadd(Keys.connections(new SessionId("s" + i)), "pod-1:c");
        }

        answer(registry.purge());

        assertThat(REDIS.commands().dbsize()).isZero();
    }
}
