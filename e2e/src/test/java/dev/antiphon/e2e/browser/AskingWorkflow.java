package dev.antiphon.e2e.browser;

import static dev.antiphon.api.workflow.StepGraph.END;
import static dev.antiphon.api.workflow.StepGraph.START;

import dev.antiphon.api.model.ToolCall;
import dev.antiphon.api.workflow.StepGraph;
import dev.antiphon.api.workflow.Workflow;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;

/// Uses a tool, then asks its user a choice and an open question, in a worker that loads it as an extension.
public final class AskingWorkflow implements Workflow {
    static final String NAME = "asking";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String description() {
        return "Asks twice.";
    }

    @Override
    public StepGraph graph() {
        return new StepGraph()
                .step(
                        "greet",
                        (_, run) -> {
                            run.call(new ToolCall("c1", "calculator", "{\"expression\":\"6*7\"}"));
                            run.say("A tea, then. ");
                            return Map.of();
                        })
                .step(
                        "ask",
                        (_, run) -> {
                            String tea = run.ask("Which <b>tea</b>?", "green", "black");
                            String cups = run.ask("How many cups?");
                            run.say(cups + " of " + tea + ".");
                            return Map.of();
                        })
                .edge(START, "greet")
                .edge("greet", "ask")
                .edge("ask", END);
    }

    /// Creates a folder of extensions that contains it.
    static Path extensions(Path folder) throws IOException {
        String file = AskingWorkflow.class.getName().replace('.', '/') + ".class";
        Files.createDirectory(folder);
        try (OutputStream out = Files.newOutputStream(folder.resolve("asking.jar"));
                JarOutputStream jar = new JarOutputStream(out);
                InputStream compiled =
                        Objects.requireNonNull(
                                AskingWorkflow.class.getClassLoader().getResourceAsStream(file))) {
            jar.putNextEntry(new JarEntry(file));
            compiled.transferTo(jar);
            jar.putNextEntry(new JarEntry("META-INF/services/" + Workflow.class.getName()));
            jar.write(AskingWorkflow.class.getName().getBytes(StandardCharsets.UTF_8));
        }
        return folder;
    }
}
