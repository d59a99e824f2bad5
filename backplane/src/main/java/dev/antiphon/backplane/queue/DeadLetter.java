package dev.antiphon.backplane.queue;

import dev.antiphon.backplane.Nats;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.InvalidInput;
import dev.antiphon.protocol.Subjects;

import io.nats.client.impl.Headers;

import java.util.Arrays;

/// A request that cannot be run, in the form in which it is sent: the subject, the reason, and as much of it as
/// NATS carries.
@SuppressWarnings("ArrayRecordComponent") // never modified, never compared
record DeadLetter(String subject, Headers headers, byte[] data) {

    static final String REASON = "Antiphon-Reason";
    static final String SUBJECT = "Antiphon-Subject";
    static final String SEQUENCE = "Antiphon-Sequence";
    static final String SIZE = "Antiphon-Size";

    /// The headers' share of the size that NATS accepts.
    private static final int HEADER_BYTES = 2_048;

    private static final int HEADER_CHARACTERS = 500;

    static DeadLetter of(StoredRequest request, ErrorCode code, String reason, Nats nats) {
        byte[] data = request.data();
        Headers headers =
                new Headers()
                        .put(SUBJECT, printable(request.subject()))
                        .put(REASON, printable(reason))
                        .put(SEQUENCE, Long.toString(request.sequence()))
                        .put(SIZE, Integer.toString(data.length));
        long most = nats.connection().getMaxPayload() - HEADER_BYTES;
        return new DeadLetter(subject(request, code), headers, fitting(data, most));
    }

    /// With the session, so that erasing the session removes it too.
    private static String subject(StoredRequest request, ErrorCode code) {
        try {
            return Subjects.deadLetter(code, Subjects.sessionOf(request.subject()));
        } catch (InvalidInput e) {
            return Subjects.deadLetter(code);
        }
    }

    /// The part of a request that fits next to the headers: a request can have the maximum size of a message.
    private static byte[] fitting(byte[] data, long most) {
        return data.length <= most ? data : Arrays.copyOf(data, (int) Math.max(0, most));
    }

    /// Headers carry only printable ASCII, of limited length.
    private static String printable(String text) {
        String start =
                text.length() > HEADER_CHARACTERS ? text.substring(0, HEADER_CHARACTERS) : text;
        return start.replaceAll("[^\\x20-\\x7e]", "?");
    }
}
