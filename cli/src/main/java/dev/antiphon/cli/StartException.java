package dev.antiphon.cli;

/// A start that cannot succeed as requested. The message is one line for the user at the terminal: what is wrong, and
/// what to do about it.
final class StartException extends RuntimeException {
    StartException(String message) {
        super(message);
    }
}
