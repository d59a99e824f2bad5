package dev.antiphon.api.model;

import org.jspecify.annotations.Nullable;

/// An error that a service reported in its stream, in place of the rest of the answer. An
/// {@link ModelTransport.EventReader} throws it; the transport closes the connection and turns it into the
/// {@link ProviderFailure} that users see. The call is retried if no piece has come and waiting can help.
public final class ReportedError extends Exception {

    private final @Nullable String name;
    private final int status;

    /// An error without an HTTP status.
    ///
    /// @param name as in {@link #ReportedError(String, int)}
    public ReportedError(@Nullable String name) {
        this(name, 0);
    }

    /// An error.
    ///
    /// @param name the service's name for the error, such as `overloaded_error`; null when it has none. Users see it if
    ///     it has only lower-case letters and `_`. Never the service's message, which can repeat prompts and keys
    /// @param status the HTTP status that the service names in its stream; 0 when it names none
    public ReportedError(@Nullable String name, int status) {
        super(name);
        this.name = name;
        this.status = status;
    }

    /// The service's name for the error; null when it has none.
    public @Nullable String name() {
        return name;
    }

    /// The HTTP status that the service names in its stream; 0 when it names none.
    public int status() {
        return status;
    }
}
