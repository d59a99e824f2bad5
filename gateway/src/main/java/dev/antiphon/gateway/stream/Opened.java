package dev.antiphon.gateway.stream;

/// What asking for a session's stream answered.
public sealed interface Opened {

    /// The connection is registered; {@link Subscriber#start} begins the stream.
    record Ready(Subscriber subscriber) implements Opened {}

    /// The session belongs to another user.
    record Foreign() implements Opened {}

    /// The registry did not answer; the client should try again.
    record Failed(Throwable cause) implements Opened {}
}
