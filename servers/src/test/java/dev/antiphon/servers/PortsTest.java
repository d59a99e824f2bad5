package dev.antiphon.servers;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
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

    @Test
    void aReservedNumberBelongsToOneProcessUntilItEnds(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("reserved");
        Process other =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-cp",
                                System.getProperty("java.class.path"),
                                Reserving.class.getName(),
                                file.toString(),
                                "20001")
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        Reservations mine = Reservations.open(file);
        try {
            assertThat(other.inputReader().readLine()).isEqualTo("true");
            assertThat(mine.reserve(20_001)).isFalse();
            assertThat(mine.reserve(20_002)).isTrue();
        } finally {
            other.destroyForcibly().waitFor();
        }
        assertThat(mine.reserve(20_001)).isTrue();
    }

    /// Another process: reserves a number and ends when it is killed or its input ends.
    static final class Reserving {
        public static void main(String[] arguments) throws IOException {
            Reservations reservations = Reservations.open(Path.of(arguments[0]));
            System.out.println(reservations.reserve(Integer.parseInt(arguments[1])));
            while (System.in.read() >= 0) {}
        }
    }
}
