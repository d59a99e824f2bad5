package dev.antiphon.servers;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.stream.IntStream;

final class PortsTest {
    @Test
    void aPortIsTakenWhileSomethingListensOnItOrOnEveryAddress() throws Exception {
        try (var loopback = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"));
                var everywhere = new ServerSocket(0)) {
            assertThat(Ports.isFree(loopback.getLocalPort())).isFalse();
            assertThat(Ports.isFree(everywhere.getLocalPort())).isFalse();
        }
    }

    @Test
    void everyFreePortIsGivenOnceAndLiesBelowTheEphemeralRange() {
        var ports = IntStream.range(0, 50).map(_ -> Ports.free()).boxed().toList();

        assertThat(ports).doesNotHaveDuplicates().allMatch(port -> port < 32_768);
    }
}
