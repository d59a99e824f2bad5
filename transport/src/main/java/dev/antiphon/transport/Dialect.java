package dev.antiphon.transport;

import org.jspecify.annotations.Nullable;

/// Judges the events of a service: whether the answer is whole, and whether it failed. Client libraries ignore both.
///
/// Called on the call's thread for each event, so check the text before parsing it.
@FunctionalInterface
public interface Dialect {

    /// The end mark of Chat Completions, and of services that imitate them.
    String DONE = "[DONE]";

    /// Reads one event, or the body of a refusal.
    ///
    /// @param event the event's name, or null
    /// @throws RuntimeException when the event breaks the protocol of the service
    Verdict judge(@Nullable String event, String data);

    /// The error name in the body of a refusal, or null.
    default @Nullable String refusal(int status, String body) {
        return judge(null, body) instanceof Verdict.Failure failure ? failure.reason() : null;
    }

    /// The meaning of an event for the answer.
    sealed interface Verdict {

        /// A part of the answer, or nothing.
        record Part() implements Verdict {}

        /// The answer is whole; nothing more follows.
        record End() implements Verdict {}

        /// The answer is whole unless more follows; only the end of the stream can tell.
        record MayEnd() implements Verdict {}

        /// The answer failed.
        ///
        /// @param reason the name that the service gives the error, or null; shown to users, so never its message
        /// @param status the HTTP status that the service names within the stream; 0 when it names none
        record Failure(@Nullable String reason, int status) implements Verdict {

            public Failure(@Nullable String reason) {
                this(reason, 0);
            }
        }
    }
}
