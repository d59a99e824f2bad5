package dev.antiphon.transport;

import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;

/// Parses a response body by its content, because servers and proxies label it with arbitrary media types. A body that
/// begins with a bracket is JSON objects (one, or several in sequence); any other body is server-sent events.
final class StreamParser {

    private static final int[] BYTE_ORDER_MARK = {0xEF, 0xBB, 0xBF};

    private StreamParser() {}

    /// Passes each event on. Returns when the body ends or the call has ended.
    ///
    /// @throws IOException when the body is compressed and cannot be decompressed; a plain body only reports its end
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

    /// Skips white space, which some servers send to keep connections alive, and a byte order mark.
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
