package dev.antiphon.bench.row;

import dev.antiphon.bench.load.OpenLoad;
import dev.antiphon.bench.load.Paced;
import dev.antiphon.bench.report.Measure;
import dev.antiphon.bench.report.Sample;
import dev.antiphon.bench.system.RunningSystem;
import dev.antiphon.bench.system.Setup;

import java.util.List;
import java.util.Map;
import java.util.Set;

/// What a chunk costs at the pace of a model, how late it is, and how long the first one takes under this load.
///
/// @param inFlight how many answers at once
public record PacedRow(int inFlight, Set<String> peers) implements LoadRow {

    private static final Measure CPU = Measure.lower("cpu", "CPU per chunk", "µs");
    private static final Measure LATE = Measure.lower("late", "lateness, p99", "ms");
    private static final Measure FIRST = Measure.lower("first50", "first chunk, p50", "ms");
    private static final Measure FIRST_MOST = Measure.lower("first99", "first chunk, p99", "ms");

    @Override
    public String id() {
        return "paced-" + inFlight;
    }

    @Override
    public String title() {
        return inFlight + " answers in flight, ten chunks a second each";
    }

    @Override
    public List<Measure> measures() {
        return List.of(CPU, LATE, FIRST, FIRST_MOST);
    }

    @Override
    public Setting setting() {
        return Setting.PACED;
    }

    @Override
    public Sample measure(RunningSystem system, Site site) throws InterruptedException {
        Paced plan = new Paced(Setup.paced().pace());
        try (var load = OpenLoad.start(site.client(), system.target(), inFlight, plan)) {
            Window window =
                    Window.over(
                            load,
                            system,
                            plan.length().plus(site.times().settle()),
                            site.times().window());
            var counts = window.counts();
            double chunks = (double) counts.chunks();
            return window.sample(
                    Map.of(
                            CPU,
                            window.micros(chunks),
                            LATE,
                            counts.latenessMillis(99),
                            FIRST,
                            counts.firstChunkMillis(50),
                            FIRST_MOST,
                            counts.firstChunkMillis(99)),
                    chunks,
                    1e3);
        }
    }
}
