package example;

import static org.bsc.langgraph4j.StateGraph.END;
import static org.bsc.langgraph4j.StateGraph.START;

import dev.antiphon.worker.provider.ModelTurn;
import dev.antiphon.worker.workflow.*;
import java.util.*;
import org.bsc.langgraph4j.GraphStateException;

/// Two views side by side, then both in one answer: `"context": {"workflow": "debate"}`.
public final class DebateWorkflow implements Workflow {
    public String name() {
        return "debate";
    }

    public String description() {
        return "Argues for and against, side by side.";
    }

    public StepGraph graph() throws GraphStateException {
        return new StepGraph()
                .step("pro", (state, run) -> Map.of("pro", argue("for", run)))
                .step("con", (state, run) -> Map.of("con", argue("against", run)))
                .step("answer", (state, run) -> {
                    run.say("For: " + state.get("pro", String.class).orElseThrow());
                    run.say("\n\nAgainst: " + state.get("con", String.class).orElseThrow());
                    return Map.of();
                })
                .edge(START, "pro").edge(START, "con")
                .edge("pro", "answer").edge("con", "answer")
                .edge("answer", END);
    }

    private static String argue(String side, StepRun run) throws Exception {
        String asked = "Argue " + side + ", in two sentences: " + run.request().message();
        return run.think(List.of(new ModelTurn.User(asked))).turn().text();
    }
}
