package dev.antiphon.gateway.stream;

/// The answer to a request for a session's stream.
public sealed interface Opened {

    /// The connection is registered, or will be when Redis is available again. {@link Subscriber#start} begins
    /// the stream.
    record Ready(Subscriber subscriber) implements Opened {}

    /// The session belongs to another user.
    record Foreign() implements Opened {}

    /// The attach failed for another reason than an unavailable Redis.
    record Failed(Throwable cause) implements Opened {}
}
