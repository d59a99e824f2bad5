package dev.antiphon.chaos;

import dev.antiphon.chaos.check.RecoveryTimes;
import dev.antiphon.chaos.check.Violation;
import dev.antiphon.chaos.history.FaultKind;
import dev.antiphon.chaos.history.HistoryLine;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/// The result of a run.
///
/// @param takeovers runs of dead workers that other workers took over
/// @param recovery by kind of fault, from the fault to the next event of an answer in flight
/// @param resyncs events that told readers that Redis had lost its last writes
/// @param violations what must never happen; empty when there were none
/// @param differences what had changed at the end of the run; empty when there was nothing
public record ChaosResult(
        Chaos.Options options,
        Duration took,
        long takeovers,
        List<HistoryLine.Fault> faults,
        Map<FaultKind, RecoveryTimes.Times> recovery,
        long resyncs,
        List<Violation> violations,
        List<String> differences) {

    private static final int SHOWN = 20;

    public boolean isClean() {
        return violations.isEmpty() && differences.isEmpty();
    }

    /// The share of faults that hit a process with an answer in flight, 0 to 1.
    public double inFlightShare() {
        long hit = faults.stream().filter(fault -> !fault.inFlight().isEmpty()).count();
        return faults.isEmpty() ? 0 : (double) hit / faults.size();
    }

    /// The result for a user at a terminal, and where to look after a failure.
    public String text() {
        StringBuilder text = new StringBuilder();
        text.append(
                "%d answers, %d faults (%.0f %% on an answer in flight), %d takeovers, %d resyncs in %d s%n"
                        .formatted(
                                options.answers(),
                                faults.size(),
                                inFlightShare() * 100,
                                takeovers,
                                resyncs,
                                took.toSeconds()));
        text.append(counts()).append(System.lineSeparator());
        violations.stream().limit(SHOWN).forEach(each -> text.append(each).append('\n'));
        differences.forEach(
                each -> text.append("not back at the baseline: ").append(each).append('\n'));
        if (!isClean()) {
            text.append("seed ")
                    .append(options.seed())
                    .append(", history in ")
                    .append(options.history())
                    .append("\nagain: ")
                    .append(options.command())
                    .append('\n');
        }
        return text.toString();
    }

    private String counts() {
        return "%d lost, %d doubled, %d reordered, %d stuck, %d other violations"
                .formatted(
                        count(
                                Violation.Kind.LOST,
                                Violation.Kind.LOST_MESSAGE,
                                Violation.Kind.GAP_IN_LOG,
                                Violation.Kind.GAP_IN_CHUNKS),
                        count(Violation.Kind.DOUBLED, Violation.Kind.ANSWERED_TWICE),
                        count(Violation.Kind.REORDERED, Violation.Kind.OUT_OF_TURN),
                        count(Violation.Kind.STUCK),
                        others());
    }

    private long count(Violation.Kind... kinds) {
        return violations.stream().filter(each -> List.of(kinds).contains(each.kind())).count();
    }

    private long others() {
        return violations.size()
                - count(
                        Violation.Kind.LOST,
                        Violation.Kind.LOST_MESSAGE,
                        Violation.Kind.GAP_IN_LOG,
                        Violation.Kind.GAP_IN_CHUNKS,
                        Violation.Kind.DOUBLED,
                        Violation.Kind.ANSWERED_TWICE,
                        Violation.Kind.REORDERED,
                        Violation.Kind.OUT_OF_TURN,
                        Violation.Kind.STUCK);
    }

    /// A report in Markdown.
    ///
    /// @param commit the version that ran
    /// @param machine where it ran
    public String markdown(String commit, String machine) {
        StringBuilder text = new StringBuilder();
        text.append(
                """
                # Chaos

                `%s` at commit %s on %s: %d minutes.

                %d answers and %d faults; %.0f %% of the faults hit a process with an answer in flight.
                **%s.** %d takeovers, %d resyncs. Back at the baseline: %s.

                Recovery is the time in ms from a fault to the next event of an answer that was in flight on its target.
                It is measured only for faults that came alone; about one in three came in a pair.
                A pause or freeze lasts 3.5 to 5.5 s by itself, a killed process or cut link returns after 0.2 to 2 s.

                | fault | times | with an answer in flight | answers measured | p50 | p99 | max |
                |---|---:|---:|---:|---:|---:|---:|
                """
                        .formatted(
                                options.command(),
                                commit,
                                machine,
                                took.toMinutes(),
                                options.answers(),
                                faults.size(),
                                inFlightShare() * 100,
                                counts(),
                                takeovers,
                                resyncs,
                                differences.isEmpty() ? "yes" : String.join("; ", differences)));
        recovery.forEach((kind, times) ->
                text.append(
                        "| %s | %d | %d | %d | %d | %d | %d |%n"
                                .formatted(
                                        kind.text(),
                                        times.faults(),
                                        times.onAnswers(),
                                        times.millis().length,
                                        times.percentile(50),
                                        times.percentile(99),
                                        times.percentile(100))));
        return text.toString();
    }
}
