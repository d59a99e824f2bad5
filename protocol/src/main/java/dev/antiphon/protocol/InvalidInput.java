package dev.antiphon.protocol;

/// Input that breaks the contract. The message names the field and what is allowed, and is safe to
/// show to whoever sent it. HTTP answers it as a problem, a worker moves the request to the dead letters.
public final class InvalidInput extends IllegalArgumentException {

    private final ErrorCode code;
    private final String message;

    public InvalidInput(ErrorCode code, String message) {
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
