package dev.antiphon.bench.row;

import dev.antiphon.bench.client.Question;
import dev.antiphon.bench.load.ClosedLoad;
import dev.antiphon.bench.report.Measure;
import dev.antiphon.bench.report.Sample;
import dev.antiphon.bench.system.RunningSystem;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Whether an answer costs more late in a long session than in a new one.
///
/// @param turns how many messages the session has had
public record LongSessionRow(int turns) implements LoadRow {

    private static final int SESSIONS = 16;
    private static final Measure RATIO =
            Measure.lower("ratio", "CPU per answer, long by short", "");
    private static final Measure LONG = Measure.lower("long", "CPU per answer, long session", "ms");
    private static final Measure SHORT =
            Measure.lower("short", "CPU per answer, new session", "ms");
    private static final Measure REDIS =
            Measure.lower("redis", "more CPU of Redis per answer", "ms");

    @Override
    public String id() {
        return "session-" + turns;
    }

    @Override
    public String title() {
        return "Answers in a session of %,d turns and more, compared with those in new sessions"
                .formatted(turns);
    }

    @Override
    public List<Measure> measures() {
        return List.of(RATIO, LONG, SHORT, REDIS);
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
    public Sample measure(RunningSystem system, Site site) throws InterruptedException {
        Window fresh;
        Window grown;
        Duration length = site.times().window();
        try (var load =
                ClosedLoad.start(
                        site.client(), system.target(), SESSIONS, ClosedLoad.USUAL_TURNS)) {
            fresh = Window.over(load, system, site.times().settle(), length);
        }
        try (var load =
                ClosedLoad.start(site.client(), system.target(), SESSIONS, Integer.MAX_VALUE)) {
            load.awaitTurns(turns);
            grown = Window.over(load, system, Duration.ZERO, length);
        }
        List<String> faults = new ArrayList<>(Window.faults(fresh.counts(), answers(fresh) > 0));
        faults.addAll(Window.faults(grown.counts(), answers(grown) > 0));
        double before = millis(fresh);
        double after = millis(grown);
        return new Sample(
                Window.byId(
                        Map.of(
                                RATIO,
                                before == 0 ? 0 : after / before,
                                LONG,
                                after,
                                SHORT,
                                before,
                                REDIS,
                                redis(grown) - redis(fresh))),
                Map.of(),
                faults);
    }

    private static double answers(Window window) {
        return (double) window.counts().chunks() / Question.USUAL_CHUNKS;
    }

    private static double millis(Window window) {
        return window.micros(answers(window)) / 1e3;
    }

    private static double redis(Window window) {
        Duration used = window.use().cpu().getOrDefault("redis", Duration.ZERO);
        return answers(window) == 0 ? 0 : used.toNanos() / 1e6 / answers(window);
    }
}
