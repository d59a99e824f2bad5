package dev.antiphon.api.tool;

import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

/// For whom a tool is called.
///
/// @param key `{incarnation}:{message}:{step}`, the same whenever this very call is tried again: for services that take an
///     idempotency key. Unique within the session's name, also when the name gets another owner: a service that remembers
///     keys would give that owner the result of the one before
public record ToolContext(SessionId session, MessageId message, UserId user, String key) {}
