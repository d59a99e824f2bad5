package dev.antiphon.api.workflow;

import dev.antiphon.protocol.ErrorCode;

import java.io.Serial;

/// A workflow cannot answer, and the user should learn why.
public final class WorkflowFailure extends Exception {

    @Serial private static final long serialVersionUID = 1;

    private final ErrorCode code;
    private final String message;

    /// A failure with a message for the user.
    ///
    /// @param code the error code that clients see
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

    /// The error code that clients see.
    public ErrorCode code() {
        return code;
    }
}
