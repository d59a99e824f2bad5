package example;

import static dev.antiphon.api.workflow.StepGraph.END;
import static dev.antiphon.api.workflow.StepGraph.START;

import dev.antiphon.api.model.ModelTurn;
import dev.antiphon.api.workflow.StepGraph;
import dev.antiphon.api.workflow.StepRun;
import dev.antiphon.api.workflow.Workflow;

import java.util.List;
import java.util.Map;

/// Two views in parallel, then both in one answer: `"context": {"workflow": "debate"}`.
public final class DebateWorkflow implements Workflow {

    @Override
    public String name() {
        return "debate";
    }

    @Override
    public String description() {
        return "Argues for and against, in parallel.";
    }

    @Override
    public StepGraph graph() {
        return new StepGraph()
                .step("pro", (state, run) -> Map.of("pro", argue("for", run)))
                .step("con", (state, run) -> Map.of("con", argue("against", run)))
                .step("answer", (state, run) -> {
                    run.say("For: " + state.get("pro", String.class).orElseThrow());
                    run.say("\n\nAgainst: " + state.get("con", String.class).orElseThrow());
                    return Map.of();
                })
                .edge(START, "pro")
                .edge(START, "con")
                .edge("pro", "answer")
                .edge("con", "answer")
                .edge("answer", END);
    }

    private static String argue(String side, StepRun run) throws Exception {
        String asked = "Argue " + side + ", in two sentences: " + run.request().message();
        return run.think(List.of(new ModelTurn.User(asked))).turn().text();
    }
}
