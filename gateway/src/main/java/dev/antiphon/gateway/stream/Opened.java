package dev.antiphon.gateway.stream;

/// What asking for a session's stream answered.
public sealed interface Opened {

    /// The connection is registered, or will be when Redis is available again; {@link Subscriber#start} begins the stream.
    record Ready(Subscriber subscriber) implements Opened {}

    /// The session belongs to another user.
    record Foreign() implements Opened {}

    /// The attach failed for another reason than a Redis that is unavailable.
    record Failed(Throwable cause) implements Opened {}
}
