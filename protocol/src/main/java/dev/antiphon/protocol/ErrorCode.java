package dev.antiphon.protocol;

import java.util.Locale;

/// Every error that clients can get, as the `code` of a problem (RFC 9457) or of an error chunk. PROTOCOL.md has the
/// same list. Append to it; never rename a code and never give one a second meaning.
public enum ErrorCode {
    MALFORMED_JSON(400, "The body is not valid JSON"),
    MISSING_FIELD(400, "A required field is missing"),
    INVALID_FIELD(400, "A field has a value that is not allowed"),
    INVALID_ID(400, "An id has characters or a length that are not allowed"),
    NOT_FOUND(404, "There is nothing at this path"),
    SESSION_NOT_FOUND(404, "The session does not exist or is not yours"),
    METHOD_NOT_ALLOWED(405, "This path does not take this method"),
    MESSAGE_CONFLICT(409, "This message was already sent with another body"),
    BODY_TOO_LARGE(413, "The body is larger than 64 KiB"),
    UNSUPPORTED_MEDIA_TYPE(415, "The content type must be application/json"),
    HEADERS_TOO_LARGE(431, "The request line or the headers are too large"),
    TOO_MANY_WAITING(429, "Too many messages of this session are waiting"),
    TOO_MANY_CONNECTIONS(429, "Too many streams are open"),
    INTERNAL(500, "An internal error occurred; it was logged"),
    UNAVAILABLE(503, "The service is temporarily unavailable"),
    FOREIGN_SESSION(404, "The session belongs to another user"),
    PROVIDER_NOT_CONFIGURED(400, "The named model provider is not configured"),
    PROVIDER_FAILED(502, "The model provider failed"),
    PROVIDER_TIMEOUT(504, "The model provider did not answer in time"),
    ANSWER_TOO_LONG(500, "The answer exceeded its size limit"),
    TOO_MANY_ATTEMPTS(500, "All attempts to answer failed"),
    PROVIDER_UNAVAILABLE(503, "The model provider keeps failing and is paused"),
    MESSAGE_NOT_FOUND(404, "There is no such message in the session, or the session is not yours"),
    WORKFLOW_NOT_FOUND(400, "There is no workflow with that name"),
    TOO_MANY_STEPS(500, "The workflow exceeded its limit of steps"),
    NOT_WAITING(409, "The message does not wait for its user");

    private final int httpStatus;
    private final String title;

    ErrorCode(int httpStatus, String title) {
        this.httpStatus = httpStatus;
        this.title = title;
    }

    /// The code as clients see it, for example `invalid_id`.
    public String wire() {
        return name().toLowerCase(Locale.ROOT);
    }

    public int httpStatus() {
        return httpStatus;
    }

    /// One sentence for a person, the same for every occurrence (RFC 9457 §3.1.3).
    public String title() {
        return title;
    }
}
