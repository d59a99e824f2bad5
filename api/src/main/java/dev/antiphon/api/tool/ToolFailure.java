package dev.antiphon.api.tool;

/// A tool call that did not work. The model and the user see the message: what was wrong, never a secret.
public final class ToolFailure extends Exception {

    private final boolean outcomeKnown;
    private final String reason;

    /// A failure of a call that had no effect.
    ///
    /// @param reason one sentence for the model and the user
    public ToolFailure(String reason) {
        this(reason, true);
    }

    private ToolFailure(String reason, boolean outcomeKnown) {
        super(reason);
        this.reason = reason;
        this.outcomeKnown = outcomeKnown;
    }

    /// A failure of a call that may have had its effect, for example because the connection was lost before the
    /// answer came.
    ///
    /// @param reason one sentence for the model and the user
    public static ToolFailure outcomeUnknown(String reason) {
        return new ToolFailure(reason, false);
    }

    @Override
    public String getMessage() {
        return reason;
    }

    /// Whether the call certainly had no effect.
    public boolean isOutcomeKnown() {
        return outcomeKnown;
    }
}
