package dev.antiphon.worker.tool;

import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

/// For whom a tool is called.
///
/// @param key `{message}:{step}`, the same whenever this very call is tried again: for services that take an idempotency
///     key. Unique within the session
public record ToolContext(SessionId session, MessageId message, UserId user, String key) {}
