package dev.antiphon.bench.row;

import dev.antiphon.bench.load.OpenLoad;
import dev.antiphon.bench.load.Tokens;
import dev.antiphon.bench.report.Measure;
import dev.antiphon.bench.report.Sample;
import dev.antiphon.bench.system.RunningSystem;

import java.util.List;
import java.util.Map;
import java.util.Set;

/// The path of a real provider: what a token costs from the model's server to the reader, and how late it arrives.
///
/// @param inFlight how many answers at once
public record ProviderRow(int inFlight, Set<String> peers) implements LoadRow {

    private static final Measure CPU = Measure.lower("cpu", "CPU per token", "µs");
    private static final Measure HALF = Measure.lower("late50", "lateness of a token, p50", "ms");
    private static final Measure MOST = Measure.lower("late99", "lateness of a token, p99", "ms");
    private static final Measure FIRST = Measure.lower("first50", "first token, p50", "ms");

    @Override
    public String id() {
        return "provider-" + inFlight;
    }

    @Override
    public String title() {
        return inFlight + " answers in flight from an OpenAI-compatible server, 50 tokens a second";
    }

    @Override
    public List<Measure> measures() {
        return List.of(CPU, HALF, MOST, FIRST);
    }

    @Override
    public Setting setting() {
        return Setting.MODEL;
    }

    @Override
    public Sample measure(RunningSystem system, Site site) throws InterruptedException {
        Tokens plan = new Tokens(site.model());
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
                            HALF,
                            counts.latenessMillis(50),
                            MOST,
                            counts.latenessMillis(99),
                            FIRST,
                            counts.firstChunkMillis(50)),
                    chunks,
                    1e3);
        }
    }
}
