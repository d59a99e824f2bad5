package dev.antiphon.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.antiphon.protocol.Environment;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.time.Duration;
import java.util.Map;
import java.util.Set;

final class GatewayConfigTest {

    private static GatewayConfig from(Map<String, String> variables) {
        return GatewayConfig.from(Environment.of(variables));
    }

    @Test
    void withoutAnyVariableTheDefaultsApply() {
        GatewayConfig config = from(Map.of("HOSTNAME", "ignored"));
        assertThat(config.backplane().natsUrl()).isEqualTo("nats://localhost:4222");
        assertThat(config.backplane().redis().host()).isEqualTo("localhost");
        assertThat(config.backplane().redis().port()).isEqualTo(6379);
        assertThat(config.backplane().redis().password()).isNull();
        assertThat(config.backplane().redis().timeout()).isEqualTo(Duration.ofSeconds(2));
        assertThat(config.host()).isEqualTo("127.0.0.1");
        assertThat(config.port()).isEqualTo(8080);
        assertThat(config.sharedPort()).isNull();
        assertThat(config.origins().allowed()).isEmpty();
        assertThat(config.mostConnections()).isEqualTo(10_000);
        assertThat(config.pod().value()).isNotEmpty();
    }

    @Test
    void everyVariableIsRead() {
        GatewayConfig config =
                from(
                        Map.of(
                                "NATS_URL", "nats://n:1",
                                "REDIS_HOST", "r",
                                "REDIS_PORT", "2",
                                "REDIS_PASSWORD", "p",
                                "SERVER_HOST", "0.0.0.0",
                                "SERVER_PORT", "0",
                                "POD_ID", "pod-1",
                                "CHAT_SHARED_PORT", "80",
                                "CHAT_ALLOWED_ORIGINS",
                                        "https://a.example, http://localhost:3000,"));
        assertThat(config.backplane().natsUrl()).isEqualTo("nats://n:1");
        assertThat(config.backplane().redis().address()).isEqualTo("redis://r:2");
        assertThat(config.backplane().redis().password()).isEqualTo("p");
        assertThat(config.host()).isEqualTo("0.0.0.0");
        assertThat(config.port()).isZero();
        assertThat(config.pod().value()).isEqualTo("pod-1");
        assertThat(config.sharedPort()).isEqualTo(80);
        assertThat(config.origins().allowed())
                .isEqualTo(Set.of("https://a.example", "http://localhost:3000"));
    }

    @ParameterizedTest
    @CsvSource({
        "SERVER_PORT, 65536",
        "SERVER_PORT, -1",
        "SERVER_PORT, http",
        "CHAT_SHARED_PORT, 0",
        "REDIS_PORT, 0",
        "POD_ID, pod.1",
        "POD_ID, a b",
        "CHAT_ALLOWED_ORIGINS, *",
        "CHAT_ALLOWED_ORIGINS, chat.example",
        "CHAT_ALLOWED_ORIGINS, https://chat.example/",
        "CHAT_ALLOWED_ORIGINS, HTTPS://chat.example",
        "CHAT_ALLOWED_ORIGINS, https://chat.example:x"
    })
    void aValueThatIsNotAllowedIsNamedInOneLine(String variable, String value) {
        assertThatThrownBy(() -> from(Map.of(variable, value)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(variable)
                .hasMessageContaining(value)
                .message()
                .doesNotContain("\n");
    }

    @ParameterizedTest
    @CsvSource({
        "laptop, laptop",
        "web-1.example.com, web-1-example-com",
        "büro, b-ro",
        "a_b, a_b",
    })
    void aHostNameIsMadeToFit(String hostName, String pod) {
        assertThat(GatewayConfig.podNamedAs(hostName).value()).isEqualTo(pod);
    }

    @Test
    void aLongHostNameIsCut() {
        assertThat(GatewayConfig.podNamedAs("h".repeat(253)).value()).hasSize(128);
    }
}
