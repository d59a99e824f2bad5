package dev.antiphon.cli;

import dev.antiphon.protocol.Environment.Variable;
import dev.antiphon.providers.ModelProviders;
import dev.antiphon.worker.Worker;
import dev.antiphon.worker.WorkerConfig;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;

/// `antiphon worker`: one worker process.
@Command(
        name = "worker",
        header = "Run one worker.",
        description = {
            "Configured by the environment (PROTOCOL.md, section 7). Other settings come from the"
                    + " `antiphon up` that runs on the same data folder."
        },
        mixinStandardHelpOptions = true)
final class WorkerCommand implements Callable<Integer> {
    @Option(
            names = "--data",
            paramLabel = "DIR",
            description =
                    "The folder of the `antiphon up` to join. Default: .antiphon in the project's root.")
    private @Nullable Path data;

    @Option(
            names = "--extensions",
            paramLabel = "DIR",
            description =
                    "A folder with jars of additional providers, tools and workflows"
                            + " (docs/extending.md). Default: CHAT_EXTENSIONS.")
    private @Nullable Path extensions;

    @Override
    public Integer call() throws InterruptedException {
        Map<String, String> variables =
                new HashMap<>(JoinedEnvironment.of(DataDirectory.chosen(data)));
        if (extensions != null) {
            variables.put(Variable.CHAT_EXTENSIONS.name(), extensions.toString());
        }
        WorkerConfig config = WorkerConfig.from(ModelProviders.environment(variables));
        Worker worker = Worker.open(config, LogLines.OF_PROCESS);
        return Serving.untilStopped(
                worker,
                "worker pid=%d http://%s:%d"
                        .formatted(ProcessHandle.current().pid(), config.host(), worker.port()));
    }
}
