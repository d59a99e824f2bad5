package dev.antiphon.api.workflow;

/// One way to answer a message, as a graph of steps. Thread-safe: one instance serves all runs, so it must not store
/// the state of a run.
///
/// An extension names its workflows in `META-INF/services/dev.antiphon.api.workflow.Workflow` (docs/extending.md). The
/// class needs a public constructor without parameters.
public interface Workflow {

    /// The value of `context.workflow` that selects this workflow: letters, digits, `_` and `-`, 1 to 64 characters.
    String name();

    /// One sentence that helps a person to choose.
    String description();

    /// Builds the graph. Called once, when the worker starts.
    ///
    /// @return the graph, which must not change afterwards
    /// @throws InvalidGraph when the graph is inconsistent: the worker does not start
    StepGraph graph();
}
