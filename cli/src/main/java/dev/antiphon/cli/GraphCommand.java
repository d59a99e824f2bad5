package dev.antiphon.cli;

import dev.antiphon.engine.workflow.CompiledWorkflow;
import dev.antiphon.protocol.Environment;
import dev.antiphon.protocol.Environment.Variable;
import dev.antiphon.providers.ModelProviders;
import dev.antiphon.worker.Worker;
import dev.antiphon.worker.extension.Extensions;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.nio.file.Path;
import java.util.concurrent.Callable;

/// `antiphon graph`: a workflow as a diagram.
@Command(
        name = "graph",
        header = "Print a workflow as a Mermaid diagram.",
        mixinStandardHelpOptions = true)
final class GraphCommand implements Callable<Integer> {
    @Parameters(
            index = "0",
            paramLabel = "NAME",
            defaultValue = "chat",
            description = "The workflow. Default: ${DEFAULT-VALUE}.")
    private String name = "chat";

    @Option(
            names = "--extensions",
            paramLabel = "DIR",
            description = "A folder with jars of additional workflows. Default: CHAT_EXTENSIONS.")
    private @Nullable Path extensions;

    @Override
    public Integer call() throws Exception {
        try (Extensions loaded = opened()) {
            var workflows = Worker.workflows(loaded, null).all();
            for (CompiledWorkflow workflow : workflows) {
                if (workflow.name().equals(name)) {
                    System.out.print(workflow.mermaid());
                    return 0;
                }
            }
            throw new IllegalArgumentException(
                    "there is no workflow '%s'; there are %s"
                            .formatted(
                                    name, workflows.stream().map(CompiledWorkflow::name).toList()));
        }
    }

    private Extensions opened() {
        String named =
                Environment.system(ModelProviders.variables()).text(Variable.CHAT_EXTENSIONS);
        Path folder = extensions == null && named != null ? Path.of(named) : extensions;
        return folder == null ? Extensions.none() : Extensions.open(folder);
    }
}
