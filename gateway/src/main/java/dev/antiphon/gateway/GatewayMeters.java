package dev.antiphon.gateway;

import dev.antiphon.backplane.Backplane;
import dev.antiphon.backplane.RedisState;
import dev.antiphon.gateway.stream.Hub;
import dev.antiphon.gateway.stream.StreamCounters;
import dev.antiphon.gateway.stream.StreamCounters.StreamCount;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;

import java.util.Locale;
import java.util.concurrent.TimeUnit;

/// The gateway's metrics for Prometheus. The state machines only count; their numbers get their names here.
final class GatewayMeters implements AutoCloseable {

    private final PrometheusMeterRegistry registry =
            new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final JvmGcMetrics gc = new JvmGcMetrics();

    GatewayMeters(Hub hub, StreamCounters counters, Backplane backplane, MeterBinder process) {
        Gauge.builder("chat.connections.active", hub, Hub::connections)
                .description("streams that are open or opening")
                .register(registry);
        Gauge.builder("chat.sessions.active", hub, Hub::sessions)
                .description("sessions that are watched")
                .register(registry);
        Gauge.builder("chat.buffers.active", hub, Hub::rings)
                .description("sessions whose last entries are held in memory")
                .register(registry);
        up("redis", backplane, each -> each.redisState() == RedisState.WELL);
        up("nats", backplane, Backplane::natsConnected);
        for (StreamCount count : StreamCount.values()) {
            FunctionCounter.builder("chat.stream.incidents", counters, all -> all.of(count))
                    .tag("kind", count.name().toLowerCase(Locale.ROOT))
                    .description("rare events: dropped, repaired, retried, given up")
                    .register(registry);
        }
        FunctionCounter.builder("chat.registry.forgotten", backplane, Backplane::forgotten)
                .description("removed members of plain pods without a listener")
                .register(registry);
        FunctionTimer.builder(
                        "chat.relay",
                        counters,
                        StreamCounters::relayed,
                        StreamCounters::relayNanos,
                        TimeUnit.NANOSECONDS)
                .description("from receiving a ring to having written its entry to the watchers")
                .register(registry);
        new JvmMemoryMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        gc.bindTo(registry);
        process.bindTo(registry);
    }

    private void up(
            String server, Backplane backplane, java.util.function.Predicate<Backplane> connected) {
        Gauge.builder("chat.server.connected", backplane, each -> connected.test(each) ? 1 : 0)
                .tag("server", server)
                .description("1 while the server works")
                .register(registry);
    }

    /// All metrics in Prometheus' text format.
    String text() {
        return registry.scrape();
    }

    @Override
    public void close() {
        gc.close();
        registry.close();
    }
}
