package dev.antiphon.backplane.queue;

import dev.antiphon.protocol.Subjects;
import dev.antiphon.protocol.WorkflowRequest;

import java.time.Instant;

/// A request as the stream holds it: the same on every delivery, and the same for a process that only reads it.
///
/// @param sequence the request's number in the stream, from 1; a random number without JetStream; 0 when it is
///     not known
/// @param stored when the stream stored it
/// @param republished whether it only repeats what Redis knew when it was published: no message is accepted from it,
///     because its session might have been deleted since
@SuppressWarnings("ArrayRecordComponent") // never modified, never compared
public record StoredRequest(
        String subject, byte[] data, long sequence, Instant stored, boolean republished) {

    /// A request as its sender published it.
    public StoredRequest(String subject, byte[] data, long sequence, Instant stored) {
        this(subject, data, sequence, stored, false);
    }

    /// A request that the stream no longer needs to hold.
    public static StoredRequest gone(WorkflowRequest request) {
        return new StoredRequest(
                Subjects.execute(request.sessionId()), request.encode(), 0, request.timestamp());
    }
}
