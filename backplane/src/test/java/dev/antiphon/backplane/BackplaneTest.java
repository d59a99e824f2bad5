package dev.antiphon.backplane;

import static dev.antiphon.backplane.RealRedis.answer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.antiphon.backplane.log.Accept;
import dev.antiphon.backplane.log.Chat;
import dev.antiphon.protocol.Environment;
import dev.antiphon.servers.NatsServer;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

@Timeout(60)
final class BackplaneTest {

    @RegisterExtension static final RealRedis REDIS = new RealRedis();

    @RegisterExtension final RealNats nats = new RealNats();

    /// PROTOCOL.md §7.
    @Test
    void withoutSettingsTheServersOfThisMachineAreUsed() {
        BackplaneSettings settings =
                BackplaneSettings.from(Environment.of(Map.of()), Duration.ofSeconds(2));

        assertThat(settings)
                .isEqualTo(
                        new BackplaneSettings(
                                "nats://localhost:4222",
                                new RedisSettings("localhost", 6379, null, Duration.ofSeconds(2))));
        assertThat(settings.redis().address()).isEqualTo("redis://localhost:6379");
    }

    @Test
    void documentedVariablesAreRead() {
        Map<String, String> environment =
                Map.of(
                        "NATS_URL", "nats://nats:4222",
                        "REDIS_HOST", "redis",
                        "REDIS_PORT", "6380",
                        "REDIS_PASSWORD", "secret");
        BackplaneSettings settings =
                BackplaneSettings.from(Environment.of(environment), Duration.ofSeconds(2));

        assertThat(settings.natsUrl()).isEqualTo("nats://nats:4222");
        assertThat(settings.redis())
                .isEqualTo(new RedisSettings("redis", 6380, "secret", Duration.ofSeconds(2)));
        assertThat(settings.redis().address()).isEqualTo("redis://redis:6380");
    }

    @Test
    void bothServersAreUsedAndLetGo() throws Exception {
        Set<Thread> before = threads();
        Backplane backplane = Backplane.open(settings(nats.server().url()), "gateway pod-1");

        assertThat(backplane.redisState()).isEqualTo(RedisState.WELL);
        assertThat(backplane.natsConnected()).isTrue();
        assertThat(answer(backplane.log().accept(Chat.request("m1"))))
                .isInstanceOf(Accept.Accepted.class);
        answer(backplane.queue().publish(Chat.request("m1")));
        backplane.close();
        backplane.close();

        assertThat(backplane.natsConnected()).isFalse();
        await().untilAsserted(() -> assertThat(threads()).isSubsetOf(before));
    }

    @Test
    void openedPartsAreClosedWhenALaterPartFails() throws Exception {
        Set<Thread> before = threads();
        try (NatsServer bare =
                NatsServer.start(NatsServer.Options.temporary().withLogin("chat", "secret"))) {
            assertThatThrownBy(() -> Backplane.open(settings(bare.url()), "worker w1"))
                    .isInstanceOf(Unavailable.class)
                    .hasMessageContaining("check NATS_URL");
        }

        await().untilAsserted(() -> assertThat(threads()).isSubsetOf(before));
    }

    private static BackplaneSettings settings(String natsUrl) {
        return new BackplaneSettings(natsUrl, REDIS.settings());
    }

    /// The threads that would keep a process from ending, or stay behind in it.
    private static Set<Thread> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().matches("(lettuce|nats|redis).*"))
                .collect(Collectors.toSet());
    }
}
