package dev.antiphon.api.tool;

import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

/// The caller of a tool.
///
/// @param session the session
/// @param message the message that the call helps to answer
/// @param user the owner of the session
/// @param key `{incarnation}:{message}:{step}`, the same in every attempt at this call: an idempotency key for services
///     that take one. It stays unique when the session's name gets another owner. Otherwise a service that remembers
///     keys would give the new owner the previous owner's result
public record ToolContext(SessionId session, MessageId message, UserId user, String key) {}
