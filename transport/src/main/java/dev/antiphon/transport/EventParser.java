package dev.antiphon.transport;

import dev.antiphon.protocol.InvalidInput;
import dev.antiphon.protocol.Json;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Parses one event stream (WHATWG HTML 9.2.6). Limits the length of an event, and drops an event that is cut off.
/// Unlike the standard, it accepts a last event without a blank line after it, if the event is complete and the stream
/// ends cleanly, because many servers end that way.
final class EventParser {

    /// Far above any event of a model service (a few hundred bytes). Limits the memory that a hostile service can take.
    static final int MAX_EVENT_BYTES = 1 << 20;

    private final StreamCall call;
    private final EventListener listener;
    private byte[] line = new byte[512];
    private int length;
    private @Nullable String event;
    private @Nullable String id;
    private final StringBuilder data = new StringBuilder();

    EventParser(StreamCall call, EventListener listener) {
        this.call = call;
        this.listener = listener;
    }

    /// Passes each event on until the body ends. Skips a byte order mark.
    void parse(InputStream body) throws IOException {
        boolean afterReturn = false;
        for (int next = body.read(); next >= 0; next = body.read()) {
            if (next == '\n' && afterReturn) {
                afterReturn = false; // the second half of a line end
            } else if (next == '\n' || next == '\r') {
                afterReturn = next == '\r';
                endLine();
            } else {
                afterReturn = false;
                append((byte) next);
            }
        }
        if (!call.isOver()) {
            endCleanly();
        }
    }

    private void endCleanly() {
        if (length > 0) {
            endLine();
        }
        if (data.length() > 1 && isWhole(data.toString().strip())) {
            dispatch();
        }
    }

    private static boolean isWhole(String last) {
        if (last.equals(Dialect.DONE)) {
            return true;
        }
        try {
            return !Json.ofService(last).isEmpty();
        } catch (InvalidInput e) {
            return false; // cut off
        }
    }

    private void append(byte next) {
        if (length + data.length() >= MAX_EVENT_BYTES) {
            call.broke(new Breakage.EventTooLong(MAX_EVENT_BYTES));
            return;
        }
        if (length == line.length) {
            line = Arrays.copyOf(line, 2 * length);
        }
        line[length++] = next;
    }

    private void endLine() {
        if (length == 0) {
            dispatch();
        } else if (line[0] == ':') {
            call.alive();
        } else {
            field(new String(line, 0, length, StandardCharsets.UTF_8));
        }
        length = 0;
    }

    private void field(String text) {
        int colon = text.indexOf(':');
        String name = colon < 0 ? text : text.substring(0, colon);
        String value = colon < 0 ? "" : text.substring(colon + 1);
        value = value.startsWith(" ") ? value.substring(1) : value;
        switch (name) {
            case "event" -> event = value;
            case "data" -> data.append(value).append('\n');
            case "error" -> {
                // Not in the standard: llama.cpp reported errors like this until September 2025,
                // and then ended the stream as if it were complete.
                event = "error";
                data.append(value).append('\n');
            }
            case "id" -> id = value;
            default -> {} // retry is for browsers
        }
    }

    /// Passes the event on. Unlike the standard, not an event with empty data: some servers send those to keep
    /// connections alive.
    private void dispatch() {
        call.alive();
        if (data.length() > 1) {
            data.setLength(data.length() - 1); // the last line's end
            listener.onEvent(event, data.toString());
            call.workedOff(id);
        }
        event = null;
        data.setLength(0);
    }
}
