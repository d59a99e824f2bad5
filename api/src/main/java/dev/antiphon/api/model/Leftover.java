package dev.antiphon.api.model;

import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;

import org.jspecify.annotations.Nullable;

/// What a service may still do or keep for a message or a session that has ended in Antiphon.
///
/// @param session the session
/// @param incarnation of the session, as in {@link ModelCall.Asker}
/// @param message the message whose calls can still be running; null when there is none
/// @param handle the handle that one call of the message passed to {@link TokenSink#kept}; empty when no call did. Each
///     handle is a leftover of its own
/// @param whole true when the session was deleted: the service must keep nothing of it
public record Leftover(
        SessionId session,
        String incarnation,
        @Nullable MessageId message,
        String handle,
        boolean whole) {}
