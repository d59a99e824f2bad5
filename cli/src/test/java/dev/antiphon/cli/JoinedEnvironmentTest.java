package dev.antiphon.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.Map;

final class JoinedEnvironmentTest {
    private static final Map<String, String> RECORDED =
            Map.of(
                    "NATS_URL", "nats://127.0.0.1:4223",
                    "REDIS_HOST", "127.0.0.1",
                    "REDIS_PORT", "6380",
                    "REDIS_PASSWORD", "");

    @Test
    void takesTheSettingsThatItDoesNotNameItself() {
        assertThat(JoinedEnvironment.joined(Map.of("CHAT_DEMO_DELAY", "0ms"), RECORDED))
                .containsAllEntriesOf(RECORDED)
                .containsEntry("CHAT_DEMO_DELAY", "0ms");
    }

    @Test
    void itsOwnSettingsComeFirst() {
        assertThat(JoinedEnvironment.joined(Map.of("NATS_URL", "nats://elsewhere"), RECORDED))
                .containsEntry("NATS_URL", "nats://elsewhere")
                .containsEntry("REDIS_PORT", "6380");
    }

    @Test
    void thePortOfTheOtherRedisDoesNotGoWithItsOwnHost() {
        assertThat(JoinedEnvironment.joined(Map.of("REDIS_HOST", "elsewhere"), RECORDED))
                .containsEntry("REDIS_HOST", "elsewhere")
                .doesNotContainKeys("REDIS_PORT", "REDIS_PASSWORD");
    }

    @Test
    void aGatewayThatJoinsHasAPortAndAnIdOfItsOwn() {
        Map<String, String> one = JoinedEnvironment.joined(Map.of(), RECORDED);
        Map<String, String> two = JoinedEnvironment.joined(Map.of(), RECORDED);

        assertThat(one.get("SERVER_PORT"))
                .isNotEqualTo("8080")
                .isNotEqualTo(two.get("SERVER_PORT"));
        assertThat(one.get("POD_ID"))
                .endsWith("-" + one.get("SERVER_PORT"))
                .isNotEqualTo(two.get("POD_ID"));
    }

    @Test
    void aJoiningGatewayAcceptsCallsFromTheSameOriginAsTheOthers() {
        assertThat(JoinedEnvironment.joined(Map.of(), RECORDED))
                .containsEntry("CHAT_ALLOWED_ORIGINS", "http://localhost:3000");
        assertThat(JoinedEnvironment.joined(Map.of("SERVER_HOST", "localhost"), RECORDED))
                .containsEntry("CHAT_ALLOWED_ORIGINS", "http://localhost:3000");
    }

    @Test
    void namedOriginsRemainAndOtherMachinesGetNoDefault() {
        String variable = "CHAT_ALLOWED_ORIGINS";
        assertThat(JoinedEnvironment.joined(Map.of(variable, "https://a.example"), RECORDED))
                .containsEntry(variable, "https://a.example");
        assertThat(JoinedEnvironment.joined(Map.of(), Map.of(variable, "https://b.example")))
                .containsEntry(variable, "https://b.example");
        assertThat(JoinedEnvironment.joined(Map.of("SERVER_HOST", "0.0.0.0"), RECORDED))
                .doesNotContainKey(variable);
    }
}
