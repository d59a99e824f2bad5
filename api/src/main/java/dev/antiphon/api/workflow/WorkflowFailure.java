package dev.antiphon.api.workflow;

import dev.antiphon.protocol.ErrorCode;

import java.io.Serial;

/// A workflow cannot answer, and the user should know why.
public final class WorkflowFailure extends Exception {

    @Serial private static final long serialVersionUID = 1;

    private final ErrorCode code;
    private final String message;

    /// Takes what the user is told.
    ///
    /// @param message one sentence for the user
    public WorkflowFailure(ErrorCode code, String message) {
        super(message);
        this.code = code;
        this.message = message;
    }

    @Override
    public String getMessage() {
        return message;
    }

    public ErrorCode code() {
        return code;
    }
}
