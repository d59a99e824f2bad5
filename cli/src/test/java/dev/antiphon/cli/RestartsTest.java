package dev.antiphon.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.stream.IntStream;

final class RestartsTest {
    private final Restarts restarts = new Restarts();

    @Test
    void waitsTwiceAsLongEachTimeUpToFiveSeconds() {
        assertThat(
                        IntStream.range(0, 8)
                                .mapToObj(_ -> restarts.after(Duration.ofSeconds(1)).toMillis()))
                .containsExactly(200L, 400L, 800L, 1_600L, 3_200L, 5_000L, 5_000L, 5_000L);
        assertThat(restarts.inARow()).isEqualTo(8);
    }

    @Test
    void startsAgainAfterAProcessThatWasStable() {
        var _ = restarts.after(Duration.ZERO);
        var _ = restarts.after(Duration.ZERO);

        assertThat(restarts.after(Duration.ofSeconds(30))).isEqualTo(Duration.ofMillis(200));
        assertThat(restarts.inARow()).isEqualTo(1);
    }
}
