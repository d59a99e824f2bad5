package dev.antiphon.transport;

import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;

/// Parses a response body by what it is, because servers, and proxies before them, name it by any media type: JSON objects
/// (one, or one after the other) when it begins with a bracket, else server-sent events.
final class StreamParser {

    private static final int[] BYTE_ORDER_MARK = {0xEF, 0xBB, 0xBF};

    private StreamParser() {}

    /// Passes on each event. Returns when the body ends or the call is over.
    ///
    /// @throws IOException when the body is compressed and cannot be read; a plain body reports its end only
    static void parse(InputStream body, EventListener listener, StreamCall call)
            throws IOException {
        PushbackInputStream bytes = new PushbackInputStream(body, 1);
        int first = firstByte(bytes, call);
        if (first < 0) {
            return;
        }
        bytes.unread(first);
        if (first == '{' || first == '[') {
            new JsonParser(call, listener).parse(bytes);
        } else {
            new EventParser(call, listener).parse(bytes);
        }
    }

    /// Skips white space, by which some servers keep the line alive, and a byte order mark.
    private static int firstByte(InputStream body, StreamCall call) throws IOException {
        int mark = 0;
        while (true) {
            int next = body.read();
            if (next == '\n') {
                call.alive();
            } else if (mark < BYTE_ORDER_MARK.length && next == BYTE_ORDER_MARK[mark]) {
                mark++;
            } else if (next != ' ' && next != '\t' && next != '\r') {
                return next;
            }
        }
    }
}
