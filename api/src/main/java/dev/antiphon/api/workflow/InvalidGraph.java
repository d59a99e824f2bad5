package dev.antiphon.api.workflow;

/// The graph of a workflow is inconsistent. The worker does not start, and prints the message.
public final class InvalidGraph extends IllegalArgumentException {

    /// A graph that cannot run.
    ///
    /// @param message one line for the author of the workflow
    public InvalidGraph(String message) {
        super(message);
    }
}
