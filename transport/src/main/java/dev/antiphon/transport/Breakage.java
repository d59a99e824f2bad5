package dev.antiphon.transport;

import dev.antiphon.api.model.CallLimits;

import org.jspecify.annotations.Nullable;

import java.time.Duration;

/// Why a call did not bring a whole answer. It contains nothing that a service wrote except the name of its error,
/// because bodies can repeat prompts and keys.
public sealed interface Breakage {

    /// The connection failed, or closed before any answer.
    record Unreachable() implements Breakage {}

    /// The service answered with an error.
    ///
    /// @param reason the name that the service gives the error, or null
    /// @param retryAfter how long the service asks to wait, or null
    record Refused(int status, @Nullable String reason, @Nullable Duration retryAfter)
            implements Breakage {}

    /// The service reported an error within the stream.
    ///
    /// @param reason the name that the service gives the error, or null
    /// @param status the HTTP status that the service names in place of its answer's, or 0
    record Reported(@Nullable String reason, int status) implements Breakage {

        public Reported(@Nullable String reason) {
            this(reason, 0);
        }
    }

    /// A time limit was reached.
    record TooLate(Limit limit, Duration after) implements Breakage {}

    /// One of the {@link CallLimits}.
    enum Limit {
        CONNECT,
        FIRST_TOKEN,
        IDLE,
        TOTAL
    }

    /// One event was longer than the limit.
    record EventTooLong(int maxBytes) implements Breakage {}

    /// The whole answer was longer than the limit.
    record AnswerTooLong() implements Breakage {}

    /// An event breaks the protocol of the service.
    record Malformed() implements Breakage {}

    /// The connection was lost, or the service closed it, before the end of the answer.
    record Cut() implements Breakage {}
}
