package dev.antiphon.tester;

import static dev.antiphon.api.workflow.StepGraph.END;
import static dev.antiphon.api.workflow.StepGraph.START;

import dev.antiphon.api.workflow.Step;
import dev.antiphon.api.workflow.StepGraph;
import dev.antiphon.api.workflow.Workflow;

import java.util.Map;

/// A workflow of a test.
record TestWorkflow(StepGraph graph) implements Workflow {

    /// Steps that follow one another.
    static TestWorkflow of(String first, Step step) {
        return new TestWorkflow(
                new StepGraph().step(first, step).edge(START, first).edge(first, END));
    }

    static TestWorkflow of(String first, Step one, String second, Step two) {
        return new TestWorkflow(
                new StepGraph()
                        .step(first, one)
                        .step(second, two)
                        .edge(START, first)
                        .edge(first, second)
                        .edge(second, END));
    }

    /// Two parallel steps, `left` and `right`, and the step in which they meet.
    static TestWorkflow parallel(Step left, Step right, Step join) {
        return new TestWorkflow(
                new StepGraph()
                        .step("left", left)
                        .step("right", right)
                        .step("join", join)
                        .edge(START, "left")
                        .edge(START, "right")
                        .edge("left", "join")
                        .edge("right", "join")
                        .edge("join", END));
    }

    static Step says(String text) {
        return (_, run) -> {
            run.say(text);
            return Map.of();
        };
    }

    @Override
    public String name() {
        return "tested";
    }

    @Override
    public String description() {
        return "for a test";
    }
}
