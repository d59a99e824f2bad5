package dev.antiphon.backplane.log;

import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkflowRequest;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// A run that waits for its user, with all data that it needs to continue elsewhere.
///
/// @param owner the owner of the session
/// @param incarnation part of the names of the run's resources outside; can be empty
/// @param until when the run is cancelled
/// @param run the fields of its record: request, checkpoint, the user's answers so far, the question's chunk id
/// @param tools the tool calls that began, and their outcomes
/// @param chunks the chunks that it has streamed, encoded
public record ParkedRun(
        SessionId session,
        MessageId message,
        UserId owner,
        String incarnation,
        Instant until,
        Map<String, String> run,
        Map<String, String> tools,
        List<String> chunks) {

    public ParkedRun {
        run = Map.copyOf(run);
        tools = Map.copyOf(tools);
        chunks = List.copyOf(chunks);
    }

    public WorkflowRequest request() {
        String body = Objects.requireNonNull(run.get("body"), "a run has a request");
        return WorkflowRequest.decodeStored(body.getBytes(StandardCharsets.UTF_8));
    }
}
