package dev.antiphon.protocol;

/// Input that breaks the contract. The message names the field and the allowed values, and is safe to show to the
/// sender. HTTP answers with a problem; a worker moves the request to the dead letters.
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
