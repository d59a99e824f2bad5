package dev.antiphon.servers;

/// A server that could not be started. The message is one line for the user: the problem, and what to do.
public final class ServerStartException extends RuntimeException {
    /// The reason why a server did not start.
    public enum Reason {
        /// No executable with that name on `PATH` or in the usual folders.
        NOT_INSTALLED,
        /// Another process listens on the port, or this user is not allowed to.
        PORT_TAKEN,
        /// The process ended before it served; the message has the last lines of its log.
        DIED,
        /// The process runs but does not serve as requested, for example without JetStream.
        NOT_SERVING
    }

    private final Reason reason;

    ServerStartException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
