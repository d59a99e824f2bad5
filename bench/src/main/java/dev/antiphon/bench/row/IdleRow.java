package dev.antiphon.bench.row;

import dev.antiphon.bench.load.Tabs;
import dev.antiphon.bench.report.Measure;
import dev.antiphon.bench.report.Sample;
import dev.antiphon.bench.system.Processes;
import dev.antiphon.bench.system.RunningSystem;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What readers cost that only wait, all on one gateway.
///
/// @param connections each in a session of its own
public record IdleRow(int connections, Set<String> peers) implements LoadRow {

    private static final String GATEWAY = "gateway";
    private static final int SHARE_BEFORE = 20;
    private static final Measure MEMORY =
            Measure.lower("memory", "gateway's memory per connection", "KB");
    private static final Measure GATEWAY_CPU =
            Measure.lower("gateway_cpu", "CPU of the gateway", "% of a core");
    private static final Measure REDIS_CPU =
            Measure.lower("redis_cpu", "CPU of Redis", "% of a core");

    @Override
    public String id() {
        return "idle-" + connections;
    }

    @Override
    public String title() {
        return "%,d idle connections on one gateway".formatted(connections);
    }

    @Override
    public List<Measure> measures() {
        return List.of(MEMORY, GATEWAY_CPU, REDIS_CPU);
    }

    @Override
    public Setting setting() {
        return Setting.FRESH;
    }

    @Override
    public Sample measure(RunningSystem system, Site site) throws InterruptedException {
        Processes processes = system.processes();
        open(system, site, Math.max(1, connections / SHARE_BEFORE));
        processes.collectGarbage(GATEWAY);
        long before = processes.resident(GATEWAY);
        try (var tabs = Tabs.apart(site.client(), system.target().single(), connections)) {
            Thread.sleep(site.times().settle());
            Duration length = site.times().window();
            Window window = Window.over(tabs, system, () -> Thread.sleep(length));
            processes.collectGarbage(GATEWAY);
            double memory = (processes.resident(GATEWAY) - before) / 1024.0 / connections;
            return new Sample(
                    Window.byId(
                            Map.of(
                                    MEMORY,
                                    Math.max(0, memory),
                                    GATEWAY_CPU,
                                    share(window, GATEWAY),
                                    REDIS_CPU,
                                    share(window, "redis"))),
                    Map.of(),
                    Window.faults(window.counts(), true));
        }
    }

    /// Opens some connections and closes them, so that the code for a connection is loaded before the memory is read.
    private static void open(RunningSystem system, Site site, int some)
            throws InterruptedException {
        try (var tabs = Tabs.apart(site.client(), system.target().single(), some)) {
            var _ = tabs.count(site.times().settle());
        }
        Thread.sleep(site.times().settle());
    }

    private static double share(Window window, String name) {
        Duration used = window.use().cpu().getOrDefault(name, Duration.ZERO);
        return 100.0 * used.toNanos() / window.length().toNanos();
    }
}
