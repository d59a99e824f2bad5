package dev.antiphon.bench.row;

import dev.antiphon.bench.load.Counts;
import dev.antiphon.bench.load.OpenLoad;
import dev.antiphon.bench.load.Paced;
import dev.antiphon.bench.report.Measure;
import dev.antiphon.bench.report.Sample;
import dev.antiphon.bench.system.RunningSystem;
import dev.antiphon.bench.system.Setup;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// How many answers can stream at ten chunks a second before readers notice: 99 of 100 chunks at most 100 ms late.
/// Doubles the load until it is too much, then halves the interval until it is within a tenth.
///
/// @param begin where the search begins
/// @param most where it ends, so that it stays within the client's sockets
public record CapacityRow(int begin, int most, Set<String> peers) implements LoadRow {

    private static final double LATEST_MILLIS = 100;
    private static final double PRECISION = 1.1;

    private static final Measure IN_FLIGHT =
            Measure.higher("in_flight", "answers in flight, p99 at most 100 ms late", "");

    @Override
    public String id() {
        return "capacity";
    }

    @Override
    public String title() {
        return "Answers in flight at ten chunks a second before 1 % are more than 100 ms late";
    }

    @Override
    public List<Measure> measures() {
        return List.of(IN_FLIGHT);
    }

    @Override
    public Setting setting() {
        return Setting.PACED;
    }

    @Override
    public Sample measure(RunningSystem system, Site site) throws InterruptedException {
        int good = 0;
        int bad = most + 1;
        int probe = begin;
        while (probe <= most && bad > most) {
            if (isGood(system, site, probe)) {
                good = probe;
                probe = good == most ? most + 1 : Math.min(most, probe * 2);
            } else {
                bad = probe;
            }
        }
        while (good < most && bad > good * PRECISION && bad - good > 1) {
            int middle = (good + bad) / 2;
            if (isGood(system, site, middle)) {
                good = middle;
            } else {
                bad = middle;
            }
        }
        return new Sample(Window.byId(Map.of(IN_FLIGHT, (double) good)), Map.of(), List.of());
    }

    private static boolean isGood(RunningSystem system, Site site, int inFlight)
            throws InterruptedException {
        Paced plan = new Paced(Setup.paced().pace());
        try (var load = OpenLoad.start(site.client(), system.target(), inFlight, plan)) {
            Thread.sleep(plan.length().plus(site.times().settle()));
            Counts counts = load.count(half(site.times().window()));
            return counts.faultCount() == 0
                    && counts.unasked() == 0
                    && counts.chunks() > 0
                    && counts.latenessMillis(99) <= LATEST_MILLIS;
        }
    }

    private static Duration half(Duration window) {
        return window.dividedBy(2);
    }
}
