package dev.antiphon.tools;

import dev.antiphon.backplane.log.Token;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

/// The claim on a run under which tools are called.
///
/// @param incarnation changes when the session's name gets another owner
public record ToolClaim(
        SessionId session, String incarnation, MessageId message, UserId user, Token token) {

    /// The idempotency key of one of the run's steps: the same in each attempt.
    String key(String step) {
        String within = message + ":" + step;
        return incarnation.isEmpty() ? within : incarnation + ":" + within;
    }
}
