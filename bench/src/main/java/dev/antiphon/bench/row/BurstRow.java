package dev.antiphon.bench.row;

import dev.antiphon.bench.client.Question;
import dev.antiphon.bench.load.ClosedLoad;
import dev.antiphon.bench.report.Measure;
import dev.antiphon.bench.report.Sample;
import dev.antiphon.bench.system.RunningSystem;

import java.util.List;
import java.util.Map;
import java.util.Set;

/// What an answer costs when as many as possible are made.
///
/// @param atOnce how many conversations ask all the time
public record BurstRow(int atOnce, Set<String> peers) implements LoadRow {

    private static final Measure CPU = Measure.lower("cpu", "CPU per answer", "ms");
    private static final Measure RATE = Measure.higher("rate", "answers a second", "");

    @Override
    public String id() {
        return "burst-" + atOnce;
    }

    @Override
    public String title() {
        return "Answers of 54 words, " + atOnce + " at once, as fast as possible";
    }

    @Override
    public List<Measure> measures() {
        return List.of(CPU, RATE);
    }

    @Override
    public Setting setting() {
        return Setting.BURST;
    }

    @Override
    public Sample measure(RunningSystem system, Site site) throws InterruptedException {
        try (var load =
                ClosedLoad.start(site.client(), system.target(), atOnce, ClosedLoad.USUAL_TURNS)) {
            Window window = Window.over(load, system, site.times().settle(), site.times().window());
            // By chunks: an answer that is half inside the window counts half.
            double answers = (double) window.counts().chunks() / Question.USUAL_CHUNKS;
            return window.sample(
                    Map.of(CPU, window.micros(answers) / 1e3, RATE, window.perSecond(answers)),
                    answers,
                    1e6);
        }
    }
}
