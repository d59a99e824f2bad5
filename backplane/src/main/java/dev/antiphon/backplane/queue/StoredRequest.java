package dev.antiphon.backplane.queue;

import java.time.Instant;

/// A request as the stream holds it: the same on every delivery, and the same for who only looks at it.
///
/// @param sequence the request's number in the stream
/// @param stored when the stream took it
@SuppressWarnings("ArrayRecordComponent") // never modified, never compared
public record StoredRequest(String subject, byte[] data, long sequence, Instant stored) {}
