package dev.antiphon.gateway.http;

import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.InvalidInput;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.MessageId;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.node.ObjectNode;

import java.time.Duration;

/// An answer that describes a failure (RFC 9457).
///
/// @param detail the details of this occurrence; never a stack trace or a secret
/// @param retryAfter when to try again, or null when a retry is useless
record Problem(ErrorCode code, String detail, @Nullable Duration retryAfter) {

    static final String MEDIA_TYPE = "application/problem+json";

    /// Redis, or this pod, is unavailable for moments, not minutes.
    static final Duration SOON = Duration.ofSeconds(1);

    /// Long enough for some streams to end, short enough to wait.
    private static final Duration FULL = Duration.ofSeconds(5);

    private static final Duration RETRY_FULL = Duration.ofSeconds(10);

    static Problem of(ErrorCode code, String detail) {
        return new Problem(code, detail, null);
    }

    static Problem of(InvalidInput refused) {
        return of(refused.code(), String.valueOf(refused.getMessage()));
    }

    static Problem unavailable(String detail) {
        return new Problem(ErrorCode.UNAVAILABLE, detail, SOON);
    }

    static Problem tooManyStreams() {
        return new Problem(
                ErrorCode.TOO_MANY_CONNECTIONS, "this pod has reached its limit of streams", FULL);
    }

    /// Waiting alone does not help a Redis that is full.
    static Problem full() {
        return new Problem(
                ErrorCode.UNAVAILABLE,
                "Redis is full and refuses new data; its operator must raise maxmemory",
                RETRY_FULL);
    }

    /// The same as for a session that does not exist: asking for another user's session reveals nothing.
    static Problem notYours() {
        return of(ErrorCode.SESSION_NOT_FOUND, "the session does not exist or is not yours");
    }

    /// Also for a message of another user's session.
    static Problem noSuchMessage(MessageId message) {
        return of(
                ErrorCode.MESSAGE_NOT_FOUND,
                "the session has no message " + message + ", or is not yours");
    }

    byte[] body() {
        ObjectNode body = Json.object();
        body.put("type", "urn:antiphon:problem:" + code.wire());
        body.put("title", code.title());
        body.put("status", code.httpStatus());
        body.put("detail", detail);
        body.put("code", code.wire());
        return Json.bytes(body);
    }
}
