package dev.antiphon.bench.row;

import dev.antiphon.bench.load.ReplayStorm;
import dev.antiphon.bench.report.Measure;
import dev.antiphon.bench.report.Sample;
import dev.antiphon.bench.system.RunningSystem;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// How long it takes until all readers have what they missed, when all come back at once. The peers keep nothing that
/// they could resume from, or too little.
public record StormRow(int readers, int entries) implements LoadRow {

    private static final Measure TOOK = Measure.lower("took", "until all have everything", "s");
    private static final Measure MEDIAN =
            Measure.lower("p50", "until a reader has everything, p50", "s");

    @Override
    public String id() {
        return "resume-" + readers + "x" + entries;
    }

    @Override
    public String title() {
        return "%,d readers come back at once, each lacks %,d entries".formatted(readers, entries);
    }

    @Override
    public List<Measure> measures() {
        return List.of(TOOK, MEDIAN);
    }

    @Override
    public Setting setting() {
        return Setting.BURST;
    }

    @Override
    public Set<String> peers() {
        return Set.of();
    }

    @Override
    public Sample measure(RunningSystem system, Site site)
            throws InterruptedException, IOException {
        var result = new ReplayStorm(system.target(), readers, entries).run(site.client());
        return new Sample(
                Window.byId(
                        Map.of(
                                TOOK,
                                result.took().toNanos() / 1e9,
                                MEDIAN,
                                result.each().getValueAtPercentile(50) / 1e3)),
                Map.of(),
                List.of());
    }
}
