package dev.antiphon.api.workflow;

/// The drawing of a workflow contradicts itself. The worker does not start, and its log has the message.
public final class InvalidGraph extends IllegalArgumentException {

    /// @param message one line for the author of the workflow
    public InvalidGraph(String message) {
        super(message);
    }
}
