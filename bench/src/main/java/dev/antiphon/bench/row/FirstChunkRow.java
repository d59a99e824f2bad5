package dev.antiphon.bench.row;

import dev.antiphon.bench.load.ClosedLoad;
import dev.antiphon.bench.report.Measure;
import dev.antiphon.bench.report.Sample;
import dev.antiphon.bench.system.RunningSystem;

import java.util.List;
import java.util.Map;
import java.util.Set;

/// How long a user waits for the first words when the system has nothing else to do.
public record FirstChunkRow(Set<String> peers) implements LoadRow {

    private static final Measure HALF = Measure.lower("p50", "first chunk, p50", "ms");
    private static final Measure MOST = Measure.lower("p99", "first chunk, p99", "ms");

    @Override
    public String id() {
        return "first-chunk";
    }

    @Override
    public String title() {
        return "Time to the first chunk, one message at a time";
    }

    @Override
    public List<Measure> measures() {
        return List.of(HALF, MOST);
    }

    @Override
    public Setting setting() {
        return Setting.BURST;
    }

    @Override
    public Sample measure(RunningSystem system, Site site) throws InterruptedException {
        try (var load =
                ClosedLoad.start(site.client(), system.target(), 1, ClosedLoad.USUAL_TURNS)) {
            Thread.sleep(site.times().settle());
            var counts = load.countAnswers(site.times().window());
            return new Sample(
                    Window.byId(
                            Map.of(
                                    HALF,
                                    counts.firstChunkMillis(50),
                                    MOST,
                                    counts.firstChunkMillis(99))),
                    Map.of(),
                    Window.faults(counts, counts.chunks() > 0));
        }
    }
}
