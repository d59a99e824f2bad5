package dev.antiphon.api.model;

import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;

import org.jspecify.annotations.Nullable;

/// What a service may still do or keep for a message or a session that has ended here.
///
/// @param incarnation of the session, as in {@link ModelCall.Asker}
/// @param message whose calls may still go on; null when none does
/// @param handle what a call of the message said with {@link TokenSink#kept}, one for each such call; empty when none did
/// @param whole whether the session was deleted, so that nothing of it may stay
public record Leftover(
        SessionId session,
        String incarnation,
        @Nullable MessageId message,
        String handle,
        boolean whole) {}
