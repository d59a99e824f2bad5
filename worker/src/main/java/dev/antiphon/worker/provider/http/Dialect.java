package dev.antiphon.worker.provider.http;

import org.jspecify.annotations.Nullable;

/// What a service's events say besides text: that the answer is whole, or that it failed. Client libraries pass over
/// both.
///
/// Called on the call's thread for each event, so it should look before it parses.
@FunctionalInterface
public interface Dialect {

    /// Reads one event, or the body of a refusal.
    ///
    /// @param event the event's name, or null
    Sign sign(@Nullable String event, String data);

    /// What an event says.
    sealed interface Sign {

        /// A part of the answer, or nothing.
        record Part() implements Sign {}

        /// The answer is whole; nothing of it follows.
        record End() implements Sign {}

        /// The answer is whole unless more of it follows, which only the stream's end can tell.
        record MayEnd() implements Sign {}

        /// The answer failed.
        ///
        /// @param reason the name that the service gives the error, or null; shown to users, so never its message
        record Failure(@Nullable String reason) implements Sign {}
    }
}
