package dev.antiphon.backplane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.antiphon.protocol.Environment;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.util.Map;

final class DatabaseSettingsTest {

    private static DatabaseSettings of(String url) {
        return DatabaseSettings.of(url, Duration.ofSeconds(2));
    }

    @Test
    void theFormThatHostsPrintAndJdbcsAreBothUnderstood() {
        DatabaseSettings settings = of("postgres://ann:p%40ss:w@db.example:6432/chat?ssl=true");

        assertThat(settings.url()).isEqualTo("jdbc:postgresql://db.example:6432/chat?ssl=true");
        assertThat(settings.user()).isEqualTo("ann");
        assertThat(settings.password()).isEqualTo("p@ss:w");
        assertThat(of("postgresql://db/chat").url()).isEqualTo("jdbc:postgresql://db/chat");
        assertThat(of("jdbc:postgresql://db/chat?user=ann").url())
                .isEqualTo("jdbc:postgresql://db/chat?user=ann");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "mysql://h/d",
                "postgres://h",
                "postgres:///d",
                "chat",
                "postgres://u:se cret@h/d"
            })
    void anythingElseIsRefusedWithoutShowingIt(String url) {
        assertThatThrownBy(() -> of(url))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("DATABASE_URL must be")
                .hasMessageNotContaining("cret");
    }

    @Test
    void theEnvironmentSaysWhereConversationsAreKeptAndForHowLong() {
        BackplaneSettings usual =
                BackplaneSettings.from(Environment.of(Map.of()), Duration.ofSeconds(2));
        BackplaneSettings said =
                BackplaneSettings.from(
                        Environment.of(
                                Map.of(
                                        "CHAT_LOG_HOURS",
                                        "6",
                                        "CHAT_HISTORY_DAYS",
                                        "7",
                                        "DATABASE_URL",
                                        "postgres://db/chat")),
                        Duration.ofSeconds(2));

        assertThat(usual.keepParked()).isEqualTo(Duration.ofDays(7));
        assertThat(usual.toolReplicas()).isZero();
        assertThat(usual.keep()).isEqualTo(new Retention(Duration.ofDays(2), Duration.ofDays(30)));
        assertThat(usual.database()).isEmpty();
        assertThat(said.keep()).isEqualTo(new Retention(Duration.ofHours(6), Duration.ofDays(7)));
        // The owner of a session is remembered longest.
        assertThat(said.keep().owner()).isEqualTo(Duration.ofDays(8));
        assertThat(new Retention(Duration.ofDays(9), Duration.ofDays(7)).owner())
                .isEqualTo(Duration.ofDays(10));
        assertThat(said.database()).hasValue(of("postgres://db/chat"));
        assertThatThrownBy(() ->
                        BackplaneSettings.from(
                                Environment.of(Map.of("CHAT_HISTORY_DAYS", "0")),
                                Duration.ofSeconds(2)))
                .hasMessageContaining("CHAT_HISTORY_DAYS must be a whole number from 1 to 3650");
    }

    @Test
    void thePasswordIsNeverShown() {
        assertThat(of("postgres://ann:secret@db/chat").toString()).doesNotContain("secret");
        assertThat(of("jdbc:postgresql://db/chat?password=secret").toString())
                .doesNotContain("secret");
    }
}
