package dev.antiphon.chaos.history;

import com.fasterxml.jackson.annotation.JsonTypeInfo;

import org.jspecify.annotations.Nullable;

import java.util.List;

/// One thing that happened. `at` is in microseconds since the run began, by a clock that only goes forward.
@JsonTypeInfo(use = JsonTypeInfo.Id.SIMPLE_NAME, property = "kind")
public sealed interface HistoryLine {

    long at();

    /// What was run; the first line.
    record Run(long at, long seed, int answers) implements HistoryLine {}

    /// A message is sent; again with the same id when it was not accepted, or on purpose.
    record Ask(long at, String session, String message, String text, String gateway)
            implements HistoryLine {}

    /// What a gateway said to it.
    ///
    /// @param status 0 when no answer came
    record Asked(long at, String session, String message, int status, String body)
            implements HistoryLine {}

    record Cancel(long at, String session, String message, String gateway) implements HistoryLine {}

    /// As {@link Asked}.
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

    /// A tab received an event, and believed it.
    ///
    /// @param data as it came, byte for byte
    record Event(
            long at, String tab, int connection, @Nullable String id, String event, String data)
            implements HistoryLine {}

    /// A stream ended, by whichever side.
    record Close(long at, String tab, int connection, String reason) implements HistoryLine {}

    /// A process was struck.
    ///
    /// @param fault counts from 1
    /// @param inFlight the answers that were streaming on what was struck
    /// @param tabs the readers whose gateway was struck; empty when it was none
    record Fault(
            long at,
            int fault,
            FaultKind strike,
            String target,
            List<Place> inFlight,
            List<String> tabs)
            implements HistoryLine {}

    /// What was struck runs again as before.
    record Healed(long at, int fault) implements HistoryLine {}

    /// An entry of a session's log at the session's end, as Redis has it, in order.
    record Entry(long at, String session, String id, String event, String data)
            implements HistoryLine {}

    /// What `GET /api/sessions/{id}/messages` answered at the session's end.
    record Messages(long at, String session, int status, String body) implements HistoryLine {}

    /// The session is over: all its tabs were given all the time they are to have.
    record Over(long at, String session) implements HistoryLine {}
}
