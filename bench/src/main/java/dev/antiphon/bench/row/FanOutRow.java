package dev.antiphon.bench.row;

import dev.antiphon.bench.load.Tabs;
import dev.antiphon.bench.report.Measure;
import dev.antiphon.bench.report.Sample;
import dev.antiphon.bench.system.RunningSystem;

import java.util.List;
import java.util.Map;
import java.util.Set;

/// What a chunk costs for each of many readers of one session.
///
/// @param tabs how many readers, all on one gateway
/// @param setting the pace
public record FanOutRow(int tabs, Setting setting, Set<String> peers) implements LoadRow {

    private static final Measure CPU = Measure.lower("cpu", "CPU per delivered chunk", "µs");

    @Override
    public String id() {
        return "fan-out-" + tabs + (setting == Setting.BURST ? "" : "-paced");
    }

    @Override
    public String title() {
        return tabs
                + " tabs of one session, "
                + (setting == Setting.BURST ? "as fast as possible" : "ten chunks a second");
    }

    @Override
    public List<Measure> measures() {
        return List.of(CPU);
    }

    @Override
    public Sample measure(RunningSystem system, Site site) throws InterruptedException {
        try (var load = Tabs.together(site.client(), system.target().single(), tabs)) {
            load.watchAnswer();
            long end = site.times().window().toNanos();
            Window window =
                    Window.over(
                            load,
                            system,
                            () -> {
                                long start = System.nanoTime();
                                while (System.nanoTime() - start < end) {
                                    load.watchAnswer();
                                }
                            });
            double chunks = (double) window.counts().chunks();
            return window.sample(Map.of(CPU, window.micros(chunks)), chunks, 1e3);
        }
    }
}
