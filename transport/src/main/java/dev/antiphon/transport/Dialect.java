package dev.antiphon.transport;

import org.jspecify.annotations.Nullable;

/// What a service's events say besides text: that the answer is whole, or that it failed. Client libraries pass over
/// both.
///
/// Called on the call's thread for each event, so it should look before it parses.
@FunctionalInterface
public interface Dialect {

    /// What ends a stream of Chat Completions, and of what imitates them.
    String DONE = "[DONE]";

    /// Reads one event, or the body of a refusal.
    ///
    /// @param event the event's name, or null
    /// @throws RuntimeException when the event is not what the service's protocol says
    Sign sign(@Nullable String event, String data);

    /// The name that a refusal's body gives the error, or null.
    default @Nullable String refusal(int status, String body) {
        return sign(null, body) instanceof Sign.Failure failure ? failure.reason() : null;
    }

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
        /// @param status the HTTP status that the service names within the stream; 0 when it names none
        record Failure(@Nullable String reason, int status) implements Sign {

            public Failure(@Nullable String reason) {
                this(reason, 0);
            }
        }
    }
}
