package dev.antiphon.worker;

import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.tool.Tool;
import dev.antiphon.api.workflow.Workflow;
import dev.antiphon.backplane.Backplane;
import dev.antiphon.backplane.doorbell.CancelSubscription;
import dev.antiphon.engine.run.Acker;
import dev.antiphon.engine.run.Announcer;
import dev.antiphon.engine.run.Cleaner;
import dev.antiphon.engine.run.ContextWindow;
import dev.antiphon.engine.run.Counters;
import dev.antiphon.engine.run.Deliveries;
import dev.antiphon.engine.run.LeaseKeeper;
import dev.antiphon.engine.run.Providers;
import dev.antiphon.engine.run.Rescue;
import dev.antiphon.engine.run.RunParts;
import dev.antiphon.engine.run.SessionRunner;
import dev.antiphon.engine.run.Settler;
import dev.antiphon.engine.workflow.ChatWorkflow;
import dev.antiphon.engine.workflow.Workflows;
import dev.antiphon.protocol.Ids;
import dev.antiphon.protocol.WorkerId;
import dev.antiphon.providers.GuardedProvider;
import dev.antiphon.providers.RetryingProvider;
import dev.antiphon.time.Time;
import dev.antiphon.tools.Calculator;
import dev.antiphon.tools.CurrentTime;
import dev.antiphon.tools.OmittedTools;
import dev.antiphon.tools.ToolRunner;
import dev.antiphon.tools.Tools;
import dev.antiphon.tools.mcp.McpServers;
import dev.antiphon.transport.ProviderTransport;
import dev.antiphon.worker.extension.Extensions;

import io.micrometer.core.instrument.binder.MeterBinder;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/// A worker process, assembled from top to bottom and closed in reverse.
public final class Worker implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Worker.class);

    /// The opened parts, the last one first.
    private final List<AutoCloseable> opened;

    private final AtomicBoolean closed = new AtomicBoolean();

    private final int port;
    private final Counters counters;

    private Worker(List<AutoCloseable> opened, int port, Counters counters) {
        this.opened = List.copyOf(opened);
        this.port = port;
        this.counters = counters;
    }

    /// Connects and starts to work; waits for servers that are not available yet.
    ///
    /// @throws dev.antiphon.backplane.Unavailable when a server's configuration makes it unusable
    /// @throws IllegalArgumentException when settings contradict each other, or the port is not available
    /// @throws InterruptedException when interrupted while waiting
    public static Worker open(WorkerConfig config) throws InterruptedException {
        return open(config, _ -> {});
    }

    /// Like {@link #open(WorkerConfig)}.
    ///
    /// @param process metrics of the process in addition to the worker's own
    public static Worker open(WorkerConfig config, MeterBinder process)
            throws InterruptedException {
        // First of all: a taken port should be reported at once, not after a long wait for Redis.
        StatusPage status = StatusPage.open(config.host(), config.port());
        List<AutoCloseable> opened = new ArrayList<>(List.of(status));
        try {
            return open(config, process, status, opened);
        } catch (RuntimeException | InterruptedException e) {
            closeAll(opened);
            throw e;
        }
    }

    private static Worker open(
            WorkerConfig config, MeterBinder process, StatusPage status, List<AutoCloseable> opened)
            throws InterruptedException {
        Time time = Time.system();
        Counters counters = new Counters();
        Extensions extensions = openExtensions(config.extensions(), opened);
        Providers providers = openProviders(config, extensions, time, opened);
        Workflows workflows = workflows(extensions, config.defaultWorkflow());
        Tools toolBox = openTools(config.tools(), extensions, time, opened);
        WorkerId id = new WorkerId(Ids.mint("worker_"));
        Backplane backplane = Backplane.open(config.backplane(), "worker " + id);
        opened.addFirst(backplane);
        ToolRunner tools =
                new ToolRunner(toolBox, backplane.toolJournal(), config.tools().timeout(), time);
        LeaseKeeper lease = LeaseKeeper.open(backplane.lease(id), time, counters);
        opened.addFirst(lease);
        Acker acker = Acker.open(backplane.log(), time, counters);
        opened.addFirst(acker);
        Settler settler = Settler.open(backplane.history(), time, counters);
        opened.addFirst(settler);
        SessionRunner runner =
                new SessionRunner(
                        backplane.log(),
                        settler,
                        backplane.notices(),
                        backplane.queue(),
                        new RunParts(
                                providers,
                                workflows,
                                new ContextWindow(
                                        backplane.history(),
                                        config.contextTokens(),
                                        Math.max(1, config.concurrency() / 4),
                                        time,
                                        counters),
                                tools,
                                config.tools().approved()),
                        acker,
                        id,
                        time,
                        counters);
        CancelSubscription cancels = backplane.listenForCancels(runner::cancelled);
        opened.addFirst(cancels);
        Deliveries deliveries =
                Deliveries.open(
                        backplane.queue(),
                        runner,
                        lease,
                        config.concurrency(),
                        config.grace(),
                        time);
        opened.addFirst(deliveries);
        Rescue rescue =
                Rescue.open(
                        backplane.recovery(),
                        backplane.log(),
                        runner,
                        backplane.queue(),
                        lease,
                        id,
                        time,
                        counters);
        opened.addFirst(rescue);
        opened.addFirst(Cleaner.open(backplane.cleanups(), providers, time, counters));
        Meters meters =
                new Meters(
                        counters,
                        runner,
                        deliveries,
                        acker,
                        tools,
                        backplane,
                        config.concurrency(),
                        process);
        opened.addLast(meters); // reports until the end
        // Reports that the worker stops before anything is closed.
        opened.addFirst(status.serve(id, runner, backplane, meters));
        LOG.atInfo()
                .addKeyValue("worker", id)
                .addKeyValue("providers", providers.names())
                .addKeyValue("default", providers.fallback().name())
                .addKeyValue("model", providers.modelOf(providers.fallback()))
                .addKeyValue("tools", tools.tools().names())
                .addKeyValue("workflows", workflows.names())
                .addKeyValue("concurrency", config.concurrency())
                .log("worker is up");
        opened.addFirst(Announcer.open(backplane.catalog(), Offers.of(providers, workflows), time));
        return new Worker(opened, status.port(), counters);
    }

    private static Extensions openExtensions(
            ExtensionSettings settings, List<AutoCloseable> opened) {
        Extensions extensions =
                settings.folder() == null ? Extensions.none() : Extensions.open(settings.folder());
        opened.addFirst(extensions);
        return extensions;
    }

    private static Tools openTools(
            ToolSettings settings, Extensions extensions, Time time, List<AutoCloseable> opened) {
        List<Tool> tools = new ArrayList<>(List.of(new CurrentTime(time), new Calculator()));
        for (Tool tool : extensions.services(Tool.class)) {
            if (tool instanceof AutoCloseable closeable) {
                opened.addFirst(closeable);
            }
            tools.add(tool);
        }
        OmittedTools omitted = new OmittedTools();
        McpServers servers = McpServers.open(settings.mcp(), time, omitted);
        opened.addFirst(servers);
        return new Tools(tools, servers::tools, settings.allowed(), omitted);
    }

    /// Our own workflows first, then those of extensions.
    ///
    /// @param preferred answers requests that name none; null for our own
    /// @throws IllegalArgumentException when a graph is inconsistent, or none has the preferred name
    public static Workflows workflows(Extensions extensions, @Nullable String preferred) {
        List<Workflow> all = new ArrayList<>(List.of(new ChatWorkflow()));
        all.addAll(extensions.services(Workflow.class));
        return new Workflows(all, preferred, Workflows.MAX_STEPS);
    }

    private static Providers openProviders(
            WorkerConfig config, Extensions extensions, Time time, List<AutoCloseable> opened) {
        ModelSettings models = config.models();
        ProviderTransport transport = new ProviderTransport(models.limits(), time);
        opened.addFirst(transport);
        List<ModelProvider> providers =
                new ProviderAssembly(config.environment(), transport, models, time)
                        .open(extensions, opened).stream()
                                .map(each -> patient(each, models, time))
                                .toList();
        return new Providers(providers, config.defaultProvider(), config.defaultModel());
    }

    /// Each attempt counts for the circuit breaker, and calls that it refuses are not retried.
    private static ModelProvider patient(ModelProvider provider, ModelSettings models, Time time) {
        return new RetryingProvider(
                new GuardedProvider(provider, models.pause(), time),
                models.retries(),
                models.retryDelay(),
                time);
    }

    /// The port of `/metrics` and `/health`.
    public int port() {
        return port;
    }

    Counters counters() {
        return counters;
    }

    /// Stops to pull, lets the answers end within the grace period, releases the others and disconnects. Takes at most
    /// a few seconds more than the grace period.
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        closeAll(opened);
    }

    private static void closeAll(List<AutoCloseable> opened) {
        for (AutoCloseable each : opened) {
            try {
                each.close();
            } catch (Exception e) { // the other parts must still be closed
                LOG.atWarn().setCause(e).log("closing a part of the worker failed");
            }
        }
    }
}
