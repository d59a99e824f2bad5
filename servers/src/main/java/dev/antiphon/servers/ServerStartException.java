package dev.antiphon.servers;

/// A server that could not be started. The message is one line made to be shown as it is: what is
/// wrong, and what to do about it.
public final class ServerStartException extends RuntimeException {
    /// Why a server did not start.
    public enum Reason {
        /// No executable of that name on `PATH` or in the usual places.
        NOT_INSTALLED,
        /// Something else listens on the port, or this user may not.
        PORT_TAKEN,
        /// The process ended before it served; the message carries the last lines of its log.
        DIED,
        /// The process lives but does not serve as asked, for example without JetStream.
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
