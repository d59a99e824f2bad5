package dev.antiphon.api.workflow;

/// One way to answer a message, as a graph of steps. One instance serves all runs, so it holds no state of a run.
public interface Workflow {

    /// What `context.workflow` says to choose it: letters, digits, `_` and `-`, 1 to 64 characters.
    String name();

    /// One sentence for a person who chooses.
    String description();

    /// Draws the graph. Called once, when the worker starts.
    ///
    /// @throws InvalidGraph when the graph contradicts itself; the worker does not start then
    StepGraph graph();
}
