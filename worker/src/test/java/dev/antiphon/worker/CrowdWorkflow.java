package dev.antiphon.worker;

import static dev.antiphon.api.workflow.StepGraph.END;
import static dev.antiphon.api.workflow.StepGraph.START;

import dev.antiphon.api.model.ModelTurn;
import dev.antiphon.api.workflow.RunState;
import dev.antiphon.api.workflow.Step;
import dev.antiphon.api.workflow.StepGraph;
import dev.antiphon.api.workflow.StepRun;
import dev.antiphon.api.workflow.Workflow;
import dev.antiphon.worker.extension.Jar;

import java.util.List;
import java.util.Map;

/// Workflows in which every word names its place. Extensions' classes extend it, one for each name.
public class CrowdWorkflow implements Workflow {

    /// The number of words of each part.
    static final int WORDS = 30;

    private final String name;

    protected CrowdWorkflow(String name) {
        this.name = name;
    }

    /// Adds the workflow `words`, which adds its own text after its model's answer, and `choir`, in which two models
    /// and a step write at the same time.
    static Jar into(Jar jar) {
        for (String name : List.of("words", "choir")) {
            String type = "Workflow_" + name;
            jar.source(
                            type,
                            "public class %s extends %s { public %s() { super(\"%s\"); } }"
                                    .formatted(type, CrowdWorkflow.class.getName(), type, name))
                    .service(Workflow.class, type);
        }
        return jar;
    }

    static String word(String session, String part, int number) {
        return session + "." + part + "." + number + " ";
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String description() {
        return "for a test";
    }

    @Override
    public StepGraph graph() {
        return switch (name) {
            case "words" -> words();
            case "choir" -> choir();
            default -> throw new IllegalStateException(name);
        };
    }

    private static StepGraph words() {
        return new StepGraph()
                .step(
                        "think",
                        (_, run) -> {
                            run.think(run.conversation());
                            return Map.of();
                        })
                .step("speak", CrowdWorkflow::speak)
                .edge(START, "think")
                .edge("think", "speak")
                .edge("speak", END);
    }

    private static StepGraph choir() {
        return new StepGraph()
                .step("left", model("left"))
                .step("right", model("right"))
                .step("own", CrowdWorkflow::speak)
                .step("join", (_, _) -> Map.of())
                .edge(START, "left")
                .edge(START, "right")
                .edge(START, "own")
                .edge("left", "join")
                .edge("right", "join")
                .edge("own", "join")
                .edge("join", END);
    }

    private static Step model(String part) {
        return (_, run) -> {
            run.stream(List.of(new ModelTurn.User(session(run) + "." + part)), List.of());
            return Map.of();
        };
    }

    private static Map<String, Object> speak(RunState state, StepRun run) throws Exception {
        for (int word = 0; word < WORDS; word++) {
            run.say(word(session(run), "own", word));
        }
        return Map.of();
    }

    private static String session(StepRun run) {
        return run.request().sessionId().value();
    }
}
