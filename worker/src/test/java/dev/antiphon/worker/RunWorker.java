package dev.antiphon.worker;

import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.workflow.Workflow;
import dev.antiphon.backplane.Backplane;
import dev.antiphon.engine.run.Acker;
import dev.antiphon.engine.run.ContextWindow;
import dev.antiphon.engine.run.Counters;
import dev.antiphon.engine.run.Deliveries;
import dev.antiphon.engine.run.LeaseKeeper;
import dev.antiphon.engine.run.Providers;
import dev.antiphon.engine.run.RunParts;
import dev.antiphon.engine.run.SessionRunner;
import dev.antiphon.engine.run.Settler;
import dev.antiphon.engine.workflow.Workflows;
import dev.antiphon.protocol.Ids;
import dev.antiphon.protocol.WorkerId;
import dev.antiphon.providers.ModelProviders;
import dev.antiphon.time.Time;
import dev.antiphon.tools.ToolRunner;
import dev.antiphon.tools.ToolSelection;
import dev.antiphon.tools.Tools;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/// The parts of a worker process that runs need, with a test's own providers, workflows and tools.
final class RunWorker {

    private RunWorker() {}

    /// Opens a worker, which works until it is closed; then it hands its runs over.
    ///
    /// @param tools the user must approve every call of these
    static AutoCloseable open(
            Map<String, String> environment,
            List<ModelProvider> providers,
            List<Workflow> workflows,
            Tools tools)
            throws InterruptedException {
        WorkerConfig config = WorkerConfig.from(ModelProviders.environment(environment));
        Time time = Time.system();
        Counters counters = new Counters();
        WorkerId id = new WorkerId(Ids.mint("w_"));
        Backplane backplane = Backplane.open(config.backplane(), "worker");
        LeaseKeeper lease = LeaseKeeper.open(backplane.lease(id), time, counters);
        Acker acker = Acker.open(backplane.log(), time, counters);
        Settler settler = Settler.open(backplane.history(), time, counters);
        SessionRunner runner =
                new SessionRunner(
                        backplane.log(),
                        settler,
                        backplane.notices(),
                        backplane.queue(),
                        new RunParts(
                                new Providers(providers, null),
                                new Workflows(workflows, null, 20),
                                new ContextWindow(backplane.history(), 8_000, 10, time, counters),
                                new ToolRunner(
                                        tools,
                                        backplane.toolJournal(),
                                        Duration.ofSeconds(20),
                                        time),
                                ToolSelection.ALL),
                        acker,
                        id,
                        time,
                        counters);
        Deliveries deliveries =
                Deliveries.open(backplane.queue(), runner, lease, 10, Duration.ZERO, time);
        return () -> {
            deliveries.close();
            settler.close();
            acker.close();
            lease.close();
            backplane.close();
        };
    }
}
