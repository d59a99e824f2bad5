package dev.antiphon.providers;

import dev.antiphon.transport.Dialect.Verdict;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.node.ObjectNode;

import java.util.Set;

/// The wire format of one service's answers. One object reads one answer.
///
/// LangChain4j writes our requests, but its readers trust the services: they merge calls with the same index, ignore
/// why an answer stopped, and fail at a field of another type.
interface AnswerFormat {

    /// Reads one event, or the whole answer of a server that does not stream, and adds its content to the answer.
    ///
    /// @param event the event's name, or null
    /// @throws RuntimeException when the event breaks the protocol of the service
    Verdict read(@Nullable String event, ObjectNode data, IncomingAnswer answer);

    /// The service's words for why it stopped, in lower case.
    Stops stops();

    /// The meanings of these words. Any other word means that the answer is incomplete: services add new words, and an
    /// answer that is shown as complete must be complete.
    ///
    /// @param whole the answer is complete
    /// @param tools the answer is complete and has tool calls; without any, they were lost
    /// @param length the answer reached the token limit
    /// @param filtered the service withheld the answer
    record Stops(Set<String> whole, Set<String> tools, Set<String> length, Set<String> filtered) {}
}
