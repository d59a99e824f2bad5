package dev.antiphon.chaos.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.chaos.history.FaultKind;
import dev.antiphon.chaos.history.HistoryLine;
import dev.antiphon.chaos.history.MessageRef;
import dev.antiphon.chaos.history.RecordedHistory;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;

final class RecoveryTimesTest {

    private final List<HistoryLine> lines = new ArrayList<>();

    private void chunk(long millis, String tab, String message) {
        lines.add(
                new HistoryLine.Event(
                        millis * 1_000,
                        tab,
                        1,
                        null,
                        "chunk",
                        "{\"message_id\":\"" + message + "\"}"));
    }

    private void struck(long millis, FaultKind kind, List<String> tabs) {
        lines.add(
                new HistoryLine.Fault(
                        millis * 1_000, 1, kind, "x", List.of(new MessageRef("s", "m")), tabs));
    }

    private RecoveryTimes.Times times(FaultKind kind) {
        return RecoveryTimes.times(RecordedHistory.of(lines))
                .getOrDefault(kind, new RecoveryTimes.Times(0, 0, new long[0]));
    }

    @Test
    void theNextEventOfAnAnswerInFlightEndsTheWait() {
        lines.add(new HistoryLine.Open(0, "s.1", 1, "s", "g", null));
        struck(1_000, FaultKind.WORKER_KILL, List.of());
        chunk(1_020, "s.1", "m"); // was on its way
        chunk(2_000, "s.1", "another");
        chunk(3_500, "s.1", "m");

        assertThat(times(FaultKind.WORKER_KILL).millis()).containsExactly(2_500);
        assertThat(times(FaultKind.WORKER_KILL).onAnswers()).isEqualTo(1);
    }

    @Test
    void onAGatewayOnlyItsOwnReadersCount() {
        lines.add(new HistoryLine.Open(0, "s.1", 1, "s", "g1", null));
        lines.add(new HistoryLine.Open(0, "s.2", 1, "s", "g2", null));
        struck(1_000, FaultKind.GATEWAY_KILL, List.of("s.2"));
        chunk(1_200, "s.1", "m");
        chunk(1_900, "s.2", "m");

        assertThat(times(FaultKind.GATEWAY_KILL).millis()).containsExactly(900);
    }

    @Test
    void aFaultDuringAnotherFaultIsCountedAndNotMeasured() {
        lines.add(new HistoryLine.Open(0, "s.1", 1, "s", "g", null));
        struck(1_000, FaultKind.WORKER_KILL, List.of());
        lines.add(
                new HistoryLine.Fault(
                        1_100_000, 2, FaultKind.NATS_KILL, "y", List.of(), List.of()));
        chunk(3_500, "s.1", "m");

        assertThat(times(FaultKind.WORKER_KILL).millis()).isEmpty();
        assertThat(times(FaultKind.WORKER_KILL).faults()).isEqualTo(1);
    }

    @Test
    void percentilesAreOfWhatWasMeasured() {
        long[] hundred = new long[100];
        for (int i = 0; i < 100; i++) {
            hundred[i] = i + 1L;
        }
        RecoveryTimes.Times times = new RecoveryTimes.Times(1, 1, hundred);

        assertThat(times.percentile(50)).isEqualTo(50);
        assertThat(times.percentile(99)).isEqualTo(99);
        assertThat(times.percentile(100)).isEqualTo(100);
    }
}
