package dev.antiphon.chaos.history;

import com.fasterxml.jackson.annotation.JsonTypeInfo;

import org.jspecify.annotations.Nullable;

import java.util.List;

/// One event. `at` is in microseconds since the run began, by a monotonic clock.
@JsonTypeInfo(use = JsonTypeInfo.Id.SIMPLE_NAME, property = "kind")
public sealed interface HistoryLine {

    long at();

    /// The parameters of the run; the first line.
    record Run(long at, long seed, int answers) implements HistoryLine {}

    /// A message is sent; again with the same id when it was not accepted, or on purpose.
    record Ask(long at, String session, String message, String text, String gateway)
            implements HistoryLine {}

    /// The answer of a gateway to it.
    ///
    /// @param status 0 when no answer came
    record Asked(long at, String session, String message, int status, String body)
            implements HistoryLine {}

    record Cancel(long at, String session, String message, String gateway) implements HistoryLine {}

    /// Like {@link Asked}.
    record Cancelled(long at, String session, String message, int status, String body)
            implements HistoryLine {}

    /// A tab opens a stream, the first or another one.
    record Open(
            long at,
            String tab,
            int connection,
            String session,
            String gateway,
            @Nullable String lastId)
            implements HistoryLine {}

    /// A tab received an event and accepted it.
    ///
    /// @param data as it came, byte for byte
    record Event(
            long at, String tab, int connection, @Nullable String id, String event, String data)
            implements HistoryLine {}

    /// A stream ended, on either side.
    record Close(long at, String tab, int connection, String reason) implements HistoryLine {}

    /// A fault hit a process.
    ///
    /// @param fault counts from 1
    /// @param inFlight the answers that were streaming through the process
    /// @param tabs the readers of the gateway; empty when the process is not a gateway
    record Fault(
            long at,
            int fault,
            FaultKind strike,
            String target,
            List<MessageRef> inFlight,
            List<String> tabs)
            implements HistoryLine {}

    /// The process is working again.
    record Healed(long at, int fault) implements HistoryLine {}

    /// An entry of a session's log at the session's end, as Redis has it, in order.
    record Entry(long at, String session, String id, String event, String data)
            implements HistoryLine {}

    /// The answer of `GET /api/sessions/{id}/messages` at the session's end.
    record Messages(long at, String session, int status, String body) implements HistoryLine {}

    /// The session is over: all its tabs have had their full time.
    record Over(long at, String session) implements HistoryLine {}
}
