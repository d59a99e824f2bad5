package dev.antiphon.bench.row;

import dev.antiphon.bench.load.ClosedLoad;
import dev.antiphon.bench.load.Counts;
import dev.antiphon.bench.report.Measure;
import dev.antiphon.bench.report.Sample;
import dev.antiphon.bench.system.RedisInfo;
import dev.antiphon.bench.system.RunningSystem;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What an answer takes in Redis when its reader has long gone.
public record RedisMemoryRow(Set<String> peers) implements LoadRow {

    private static final int CONVERSATIONS = 32;
    private static final Measure MEMORY = Measure.lower("memory", "Redis' memory per answer", "KB");

    @Override
    public String id() {
        return "redis-memory";
    }

    @Override
    public String title() {
        return "Redis' memory per answer, a minute after the load";
    }

    @Override
    public List<Measure> measures() {
        return List.of(MEMORY);
    }

    @Override
    public Setting setting() {
        return Setting.BURST;
    }

    @Override
    public Sample measure(RunningSystem system, Site site)
            throws InterruptedException, IOException {
        int redis =
                system.redis().orElseThrow(() -> new IOException(system.name() + " has no Redis"));
        long before = RedisInfo.usedMemory(redis);
        Counts counts;
        try (var load =
                ClosedLoad.start(
                        site.client(), system.target(), CONVERSATIONS, ClosedLoad.USUAL_TURNS)) {
            counts = load.countAnswers(site.times().window());
        }
        Thread.sleep(site.times().rest());
        double bytes = (double) (RedisInfo.usedMemory(redis) - before);
        return new Sample(
                Window.byId(
                        Map.of(
                                MEMORY,
                                Math.max(
                                        0, bytes / 1024 / (double) Math.max(1, counts.answers())))),
                Map.of(),
                Window.faults(counts, counts.answers() > 0));
    }
}
