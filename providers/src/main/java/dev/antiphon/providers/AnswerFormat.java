package dev.antiphon.providers;

import dev.antiphon.transport.Dialect.Sign;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.node.ObjectNode;

import java.util.Set;

/// How one service's answers look on the wire. One object reads one answer.
///
/// LangChain4j writes our requests, but its readers take services by their word: they join calls of one index, pass over what
/// stopped an answer, and fail at a field of another type.
interface AnswerFormat {

    /// Reads one event, or a whole answer of a server that does not stream, and puts what it brings into the answer.
    ///
    /// @param event the event's name, or null
    /// @throws RuntimeException when it is not the protocol
    Sign read(@Nullable String event, ObjectNode data, IncomingAnswer answer);

    /// The service's words for why it stopped, in lower case.
    Stops stops();

    /// Which words mean what. Any other word means that the answer is not whole: services add new ones, and an answer that
    /// is shown as whole must be.
    ///
    /// @param whole the answer is whole
    /// @param tools so it is, and its tool calls with it: without any they were lost
    /// @param length it ran out of room
    /// @param filtered the service withheld it
    record Stops(Set<String> whole, Set<String> tools, Set<String> length, Set<String> filtered) {}
}
