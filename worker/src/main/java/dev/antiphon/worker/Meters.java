package dev.antiphon.worker;

import dev.antiphon.backplane.Backplane;
import dev.antiphon.backplane.RedisState;
import dev.antiphon.backplane.Unavailable;
import dev.antiphon.backplane.queue.Backlog;
import dev.antiphon.engine.run.Acker;
import dev.antiphon.engine.run.Counters;
import dev.antiphon.engine.run.Counters.Count;
import dev.antiphon.engine.run.Deliveries;
import dev.antiphon.engine.run.SessionRunner;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.tools.ToolRunner;
import dev.antiphon.tools.ToolRunner.Ending;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;

import org.jspecify.annotations.Nullable;

import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;

/// The metrics of the worker for Prometheus. The runs only count; this class names the counts. docs/metrics.md
/// lists them.
final class Meters implements AutoCloseable {

    private final PrometheusMeterRegistry registry =
            new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final JvmGcMetrics gc = new JvmGcMetrics();
    private final Backplane backplane;

    /// As of the latest {@link #text()}; null while NATS does not answer.
    private volatile @Nullable Backlog backlog;

    Meters(
            Counters counters,
            SessionRunner runner,
            Deliveries deliveries,
            Acker acker,
            ToolRunner tools,
            Backplane backplane,
            int concurrency,
            MeterBinder process) {
        this.backplane = backplane;
        Gauge.builder("chat.worker.runs.active", runner, SessionRunner::runs)
                .description("messages that are being answered")
                .register(registry);
        Gauge.builder("chat.worker.sessions.active", runner, SessionRunner::sessions)
                .description("sessions with deliveries in progress")
                .register(registry);
        Gauge.builder("chat.worker.permits", () -> concurrency)
                .description("deliveries that can be in progress at once")
                .register(registry);
        Gauge.builder("chat.worker.permits.used", deliveries, Deliveries::underWay)
                .description("deliveries in progress")
                .register(registry);
        Gauge.builder("chat.worker.deliveries.held", acker, Acker::held)
                .description("deliveries whose message continues elsewhere or has just ended")
                .register(registry);
        queue();
        for (Count count : Count.values()) {
            FunctionCounter.builder("chat.worker.incidents", counters, all -> all.of(count))
                    .tag("kind", count.name().toLowerCase(Locale.ROOT))
                    .description("rare events: postponed, taken over, retried, given up")
                    .register(registry);
        }
        for (ErrorCode code : ErrorCode.values()) {
            FunctionCounter.builder("chat.answers.failed", counters, all -> all.failures(code))
                    .tag("code", code.wire())
                    .description("answers that ended with an error")
                    .register(registry);
        }
        times(counters);
        tools(tools);
        FunctionCounter.builder("chat.rings.sent", backplane, Backplane::ringsSent)
                .description("rings that were sent: one for each entry and pod")
                .register(registry);
        FunctionCounter.builder("chat.ring.batches.sent", backplane, Backplane::ringBatchesSent)
                .description("messages to our pods, each with one ring or more")
                .register(registry);
        FunctionCounter.builder("chat.rings.lost", backplane, Backplane::ringsLost)
                .description("rings that were not sent; the log has their entries")
                .register(registry);
        FunctionCounter.builder("chat.registry.forgotten", backplane, Backplane::forgotten)
                .description("members of plain pods without a listener, removed")
                .register(registry);
        up("redis", each -> each.redisState() == RedisState.WELL);
        up("nats", Backplane::natsConnected);
        new JvmMemoryMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        gc.bindTo(registry);
        process.bindTo(registry);
    }

    private void queue() {
        queue("stored", "requests in the stream, in any state", Backlog::stored);
        queue("waiting", "requests that no worker has taken yet", Backlog::waiting);
        queue("delivered", "requests that a worker has taken and not acked", Backlog::delivered);
        queue("redelivered", "delivered requests that were delivered before", Backlog::redelivered);
        TimeGauge.builder(
                        "chat.queue.oldest.age",
                        this,
                        TimeUnit.MILLISECONDS,
                        meters -> meters.oldestMillis())
                .description("how long the oldest waiting request has waited")
                .register(registry);
    }

    private void queue(String what, String description, ToLongFunction<Backlog> number) {
        Gauge.builder("chat.queue." + what, this, meters -> meters.queued(number))
                .description(description)
                .register(registry);
    }

    private double queued(ToLongFunction<Backlog> number) {
        Backlog known = backlog;
        return known == null ? Double.NaN : number.applyAsLong(known);
    }

    private double oldestMillis() {
        Backlog known = backlog;
        return known == null ? Double.NaN : known.oldest().toMillis();
    }

    private void tools(ToolRunner tools) {
        Gauge.builder("chat.tools", tools, each -> each.tools().names().size())
                .description("tools that models can use now")
                .register(registry);
        FunctionCounter.builder("chat.tools.left.out", tools, each -> each.tools().omitted())
                .description("tools that could not be offered to models")
                .register(registry);
        for (Ending ending : Ending.values()) {
            FunctionCounter.builder("chat.tool.calls", tools, each -> each.ended(ending))
                    .tag("outcome", ending.name().toLowerCase(Locale.ROOT))
                    .description("outcomes of the tool calls of models")
                    .register(registry);
        }
    }

    private void times(Counters counters) {
        FunctionTimer.builder(
                        "chat.append",
                        counters,
                        Counters::appended,
                        Counters::appendNanos,
                        TimeUnit.NANOSECONDS)
                .description("from sending an append to the log's answer")
                .register(registry);
        FunctionTimer.builder(
                        "chat.first.chunk",
                        counters,
                        Counters::begun,
                        Counters::beginNanos,
                        TimeUnit.NANOSECONDS)
                .description("from the question to the answer's first chunk in the log")
                .register(registry);
    }

    private void up(String server, Predicate<Backplane> connected) {
        Gauge.builder("chat.server.connected", backplane, each -> connected.test(each) ? 1 : 0)
                .tag("server", server)
                .description("1 while the connection is open")
                .register(registry);
    }

    /// All metrics in Prometheus' text format. Asks NATS for the queue's depth, so it can block for two seconds.
    String text() {
        try {
            backlog = backplane.backlog();
        } catch (Unavailable e) {
            backlog = null; // shown as NaN, and by chat_server_connected
        }
        return registry.scrape();
    }

    @Override
    public void close() {
        gc.close();
        registry.close();
    }
}
