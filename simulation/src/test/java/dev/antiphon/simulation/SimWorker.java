package dev.antiphon.simulation;

import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.backplane.doorbell.Doorbell;
import dev.antiphon.backplane.log.SessionLog;
import dev.antiphon.backplane.tools.ToolBegin;
import dev.antiphon.backplane.tools.ToolIntent;
import dev.antiphon.backplane.tools.ToolJournal;
import dev.antiphon.engine.run.Acker;
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
import dev.antiphon.protocol.WorkerId;
import dev.antiphon.providers.DemoProvider;
import dev.antiphon.tools.ToolRunner;
import dev.antiphon.tools.ToolSelection;
import dev.antiphon.tools.Tools;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;

/// One worker process: the real classes, assembled as in `Worker`.
final class SimWorker {

    /// About as long as an answer: some end within it, others are handed over.
    private static final Duration GRACE = Duration.ofSeconds(1);

    private static final Workflows WORKFLOWS = new Workflows(List.of(new ChatWorkflow()), null, 50);

    private final World world;
    private final Host host;
    private final Link link;
    private final WorkerId id;
    private @Nullable List<AutoCloseable> opened;

    SimWorker(World world, String name) {
        this.world = world;
        this.host = world.host(name);
        this.link = world.link(host);
        this.id = new WorkerId(name);
        host.thread("main", this::open).start();
    }

    Host host() {
        return host;
    }

    Link link() {
        return link;
    }

    private void open() {
        SimLog redis = world.log(link);
        SimDoorbell notices = world.subjects(host);
        Doorbell doorbell = world.doorbell(host, notices);
        SessionLog log = world.log(host, redis, doorbell);
        SimQueue queue = world.queue(host);
        Counters counters = new Counters();
        Providers providers = providers();
        try {
            LeaseKeeper lease = LeaseKeeper.open(redis.lease(id), host, counters);
            Acker acker = Acker.open(log, host, counters);
            Settler settler = Settler.open(redis, host, counters);
            SessionRunner runner =
                    new SessionRunner(
                            log,
                            settler,
                            notices,
                            queue,
                            new RunParts(
                                    providers,
                                    WORKFLOWS,
                                    new ContextWindow(
                                            redis, 8_000, world.concurrency(), host, counters),
                                    new ToolRunner(
                                            new Tools(List.of(), ToolSelection.ALL),
                                            new NoJournal(),
                                            Duration.ofSeconds(30),
                                            host),
                                    ToolSelection.ALL),
                            acker,
                            id,
                            host,
                            counters);
            world.nats().watch(new Nats.Watcher(host, runner::cancelled));
            Deliveries deliveries =
                    Deliveries.open(queue, runner, lease, world.concurrency(), GRACE, host);
            Rescue rescue = Rescue.open(redis, log, runner, queue, lease, id, host, counters);
            List<AutoCloseable> parts =
                    new ArrayList<>(List.of(rescue, deliveries, settler, acker, lease, doorbell));
            if (world.kinds().remote()) { // in other worlds it would find nothing, every second
                parts.addFirst(Cleaner.open(redis, providers, host, counters));
            }
            opened = parts;
        } catch (InterruptedException e) {
            throw new IllegalStateException("a start is never interrupted", e);
        }
    }

    private Providers providers() {
        List<ModelProvider> all = new ArrayList<>();
        all.add(new DemoProvider(Duration.ofMillis(100), 3, host));
        all.add(new UniqueProvider(host, world.chronicle(), world.dice(), () -> world.dies(this)));
        if (world.kinds().remote()) {
            all.add(
                    new RemoteProvider(
                            host,
                            world.service(),
                            world.chronicle(),
                            world.dice(),
                            () -> world.dies(this)));
        }
        return new Providers(all, DemoProvider.NAME);
    }

    /// SIGTERM: hands its runs over and ends.
    void stop(Runnable stopped) {
        List<AutoCloseable> all = opened;
        if (all == null) {
            host.kill();
            stopped.run();
            return;
        }
        host.thread(
                        "stop",
                        () -> {
                            for (AutoCloseable each : all) {
                                try {
                                    each.close();
                                } catch (Exception e) {
                                    throw new IllegalStateException(e);
                                }
                            }
                            link.abandon(true);
                            host.kill();
                            stopped.run();
                        })
                .start();
    }

    /// There are no tools in the simulation.
    private static final class NoJournal implements ToolJournal {

        @Override
        public CompletionStage<ToolBegin> begin(ToolIntent intent, boolean again) {
            throw new AssertionError("there are no tools");
        }

        @Override
        public CompletionStage<Boolean> end(ToolIntent intent, byte[] outcome) {
            throw new AssertionError("there are no tools");
        }
    }
}
