package dev.antiphon.api.tool;

/// A tool call that did not work. The message is for the model and the user: what was wrong, never a secret.
public final class ToolFailure extends Exception {

    private final boolean outcomeKnown;
    private final String reason;

    /// The call has had no effect.
    public ToolFailure(String reason) {
        this(reason, true);
    }

    private ToolFailure(String reason, boolean outcomeKnown) {
        super(reason);
        this.reason = reason;
        this.outcomeKnown = outcomeKnown;
    }

    /// The call may have had its effect, for example because a connection broke before the answer came.
    public static ToolFailure outcomeUnknown(String reason) {
        return new ToolFailure(reason, false);
    }

    @Override
    public String getMessage() {
        return reason;
    }

    /// Whether the call has had no effect for certain.
    public boolean isOutcomeKnown() {
        return outcomeKnown;
    }
}
