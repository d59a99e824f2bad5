package dev.antiphon.transport;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/// Parses consecutive JSON objects, each of them an event: one per line, over several lines, or in an array. Text
/// between them is ignored; an object that is cut off is dropped.
final class JsonParser {

    private final StreamCall call;
    private final EventListener listener;
    private final ByteArrayOutputStream object = new ByteArrayOutputStream(512);
    private int depth;
    private boolean inText;
    private boolean escaped;

    JsonParser(StreamCall call, EventListener listener) {
        this.call = call;
        this.listener = listener;
    }

    void parse(InputStream body) throws IOException {
        for (int next = body.read(); next >= 0; next = body.read()) {
            if (depth > 0 || next == '{') {
                take(next);
            } else if (next == '\n') {
                call.alive();
            }
        }
    }

    private void take(int next) {
        if (object.size() >= EventParser.MAX_EVENT_BYTES) {
            call.broke(new Breakage.EventTooLong(EventParser.MAX_EVENT_BYTES));
            return;
        }
        object.write(next);
        if (inText && next == '\n') {
            dispatch(); // malformed, because a JSON text has no line end;
            // the reader reports it
        } else if (escaped) {
            escaped = false;
        } else if (inText) {
            escaped = next == '\\';
            inText = next != '"';
        } else if (next == '"') {
            inText = true;
        } else if (next == '{' || next == '[') {
            depth++;
        } else if ((next == '}' || next == ']') && --depth == 0) {
            dispatch();
        }
    }

    private void dispatch() {
        String text = object.toString(StandardCharsets.UTF_8);
        object.reset();
        depth = 0;
        inText = false;
        listener.onEvent(null, text);
    }
}
