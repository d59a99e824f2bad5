package dev.antiphon.bench.row;

import dev.antiphon.bench.load.ClosedLoad;
import dev.antiphon.bench.load.Counts;
import dev.antiphon.bench.report.Measure;
import dev.antiphon.bench.report.Sample;
import dev.antiphon.bench.system.AntiphonUp;
import dev.antiphon.bench.system.Setup;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// How long `up` takes on the data of minutes of load.
public record RestartRow() implements StartRow {

    private static final int CONVERSATIONS = 64;
    private static final Measure USED = Measure.lower("used", "until ready, after the load", "s");
    private static final Measure EMPTY = Measure.lower("empty", "until ready, without data", "s");

    @Override
    public String id() {
        return "restart";
    }

    @Override
    public String title() {
        return "Start of `up` after minutes of load";
    }

    @Override
    public List<Measure> measures() {
        return List.of(USED, EMPTY);
    }

    @Override
    public List<Sample> measure(AntiphonUp antiphon, Site site, Path folder)
            throws InterruptedException {
        AntiphonUp.Launched first = antiphon.launch(Setup.burst(), folder);
        Counts counts;
        try (var system = first.running();
                var load =
                        ClosedLoad.start(
                                site.client(),
                                system.target(),
                                CONVERSATIONS,
                                ClosedLoad.USUAL_TURNS)) {
            load.awaitTurns(1);
            counts = load.countAnswers(site.times().use());
        }
        List<Sample> samples = new ArrayList<>();
        for (int i = 0; i < site.times().rounds(); i++) {
            double used = start(antiphon, folder);
            samples.add(
                    new Sample(
                            Window.byId(Map.of(USED, used, EMPTY, seconds(first))),
                            Map.of(),
                            Window.faults(counts, counts.answers() > 0)));
        }
        return samples;
    }

    private static double start(AntiphonUp antiphon, Path folder) throws InterruptedException {
        AntiphonUp.Launched launched = antiphon.launch(Setup.burst(), folder);
        launched.running().close();
        return seconds(launched);
    }

    private static double seconds(AntiphonUp.Launched launched) {
        return launched.readyAfter().toNanos() / 1e9;
    }
}
