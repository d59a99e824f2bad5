package dev.antiphon.worker;

import dev.antiphon.backplane.Backplane;
import dev.antiphon.backplane.doorbell.CancelSubscription;
import dev.antiphon.protocol.Ids;
import dev.antiphon.protocol.WorkerId;
import dev.antiphon.worker.extension.Extensions;
import dev.antiphon.worker.provider.DemoProvider;
import dev.antiphon.worker.provider.ModelProvider;
import dev.antiphon.worker.provider.Providers;
import dev.antiphon.worker.provider.RetryingProvider;
import dev.antiphon.worker.provider.http.StreamingTransport;
import dev.antiphon.worker.run.Acker;
import dev.antiphon.worker.run.Announcer;
import dev.antiphon.worker.run.ContextWindow;
import dev.antiphon.worker.run.Deliveries;
import dev.antiphon.worker.run.LeaseKeeper;
import dev.antiphon.worker.run.Rescue;
import dev.antiphon.worker.run.SessionRunner;
import dev.antiphon.worker.time.Time;
import dev.antiphon.worker.tool.Calculator;
import dev.antiphon.worker.tool.CurrentTime;
import dev.antiphon.worker.tool.Tool;
import dev.antiphon.worker.tool.ToolRunner;
import dev.antiphon.worker.tool.Tools;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/// A worker process, put together top to bottom and closed in reverse.
public final class Worker implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Worker.class);

    /// What was opened, the last first.
    private final List<AutoCloseable> opened;

    private final AtomicBoolean closed = new AtomicBoolean();

    private Worker(List<AutoCloseable> opened) {
        this.opened = List.copyOf(opened);
    }

    /// Connects and begins to work; waits for servers that are not there yet.
    ///
    /// @throws dev.antiphon.backplane.Unavailable when a server cannot be used as it is set up
    /// @throws IllegalArgumentException when the settings do not fit together
    /// @throws InterruptedException when interrupted while waiting
    public static Worker open(WorkerConfig config) throws InterruptedException {
        Time time = Time.system();
        List<AutoCloseable> opened = new ArrayList<>();
        Extensions extensions = openExtensions(config.extensions(), opened);
        Providers providers = openProviders(config, extensions, time, opened);
        Tools toolBox = openTools(config.tools(), extensions, time, opened);
        WorkerId id = new WorkerId(Ids.mint("worker_"));
        Backplane backplane = Backplane.open(config.backplane(), "worker " + id);
        ToolRunner tools =
                new ToolRunner(toolBox, backplane.toolJournal(), config.tools().timeout(), time);
        LeaseKeeper lease = LeaseKeeper.open(backplane.lease(id), time);
        Acker acker = Acker.open(backplane.log(), backplane.history(), time);
        SessionRunner runner =
                new SessionRunner(
                        backplane.log(),
                        backplane.history(),
                        backplane.doorbell(),
                        backplane.queue(),
                        providers,
                        new ContextWindow(backplane.history(), config.contextTokens(), time),
                        acker,
                        id,
                        time);
        CancelSubscription cancels = backplane.listenForCancels(runner::cancelled);
        Deliveries deliveries =
                Deliveries.open(backplane.queue(), runner, config.concurrency(), time);
        Rescue rescue =
                Rescue.open(
                        backplane.recovery(),
                        backplane.log(),
                        runner,
                        backplane.queue(),
                        lease,
                        id,
                        time);
        LOG.atInfo()
                .addKeyValue("worker", id)
                .addKeyValue("providers", providers.names())
                .addKeyValue("default", providers.fallback().name())
                .addKeyValue("tools", tools.tools().names())
                .addKeyValue("concurrency", config.concurrency())
                .log("worker is up");
        Announcer announcer = Announcer.open(backplane.catalog(), Offers.models(providers), time);
        opened.addAll(0, List.of(announcer, rescue, deliveries, cancels, acker, lease, backplane));
        return new Worker(opened);
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
        return new Tools(tools, settings.allowed());
    }

    private static Providers openProviders(
            WorkerConfig config, Extensions extensions, Time time, List<AutoCloseable> opened) {
        List<ModelProvider> providers = new ArrayList<>();
        providers.add(new DemoProvider(config.demoDelay(), config.demoWords(), time));
        ModelSettings models = config.models();
        if (models.isAny()) { // the transport takes a third of a second to make
            StreamingTransport transport = new StreamingTransport(models.limits().connect(), time);
            opened.addFirst(transport);
            for (ModelProvider each : ModelServices.open(models, transport)) {
                providers.add(
                        new RetryingProvider(each, models.retries(), models.retryDelay(), time));
            }
        }
        ExtensionProviders.open(extensions, config.extensions().environment(), opened).stream()
                .map(each ->
                        new RetryingProvider(each, models.retries(), models.retryDelay(), time))
                .forEach(providers::add);
        return new Providers(providers, config.defaultProvider(), config.defaultModel());
    }

    /// Stops pulling, hands its runs over and disconnects, within a few seconds.
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        for (AutoCloseable each : opened) {
            try {
                each.close();
            } catch (Exception e) { // the others must be closed all the same
                LOG.atWarn().setCause(e).log("did not close");
            }
        }
    }
}
