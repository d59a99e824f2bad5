package dev.antiphon.backplane.log;

import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.WorkflowRequest;

import java.util.List;

/// The answer to claiming a session's next message.
public sealed interface Claim {

    /// The run is the caller's: the caller alone may append, until another worker claims the run.
    ///
    /// @param attempt counts from 1
    /// @param nextChunk the next chunk id of the log; above 0 an earlier attempt has streamed a part
    /// @param streamed that part, the chunks 0 to `nextChunk - 1` as encoded
    /// @param checkpoint the stored results of earlier attempts; empty when there are none
    /// @param answers the user's answers since the checkpoint, oldest first
    /// @param incarnation drawn when the session got its owner, and kept as long as that owner has it. Data outside
    ///     Redis under the session's name also needs it, because another user can have the same name later. Empty for
    ///     sessions that are older than this field
    record Claimed(
            WorkflowRequest request,
            Token token,
            int attempt,
            int nextChunk,
            List<byte[]> streamed,
            String checkpoint,
            List<String> answers,
            String incarnation)
            implements Claim {
        public Claimed {
            streamed = List.copyOf(streamed);
            answers = List.copyOf(answers);
        }
    }

    /// The session's oldest message was begun too often without an end: end it, then claim again.
    record Poison(WorkflowRequest request) implements Claim {}

    /// The session's oldest message waits for its user, and the others wait for it.
    record Parked(MessageId message) implements Claim {}

    /// A live worker runs the session's oldest message; it will continue with the others by itself.
    record Busy() implements Claim {}

    /// The session has no unfinished message.
    record Idle() implements Claim {}

    /// There is no run for the delivered message: accept it first.
    record Unknown() implements Claim {}
}
