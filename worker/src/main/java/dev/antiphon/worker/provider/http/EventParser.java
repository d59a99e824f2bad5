package dev.antiphon.worker.provider.http;

import dev.langchain4j.http.client.sse.DefaultServerSentEventParsingHandle;
import dev.langchain4j.http.client.sse.ServerSentEvent;
import dev.langchain4j.http.client.sse.ServerSentEventContext;
import dev.langchain4j.http.client.sse.ServerSentEventListener;
import dev.langchain4j.http.client.sse.ServerSentEventParser;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Parses one event stream (WHATWG HTML 9.2.6). Unlike LangChain4j's own parser it bounds an event, drops one that
/// is cut in the middle, and lets go of an event's text once it is worked off.
final class EventParser implements ServerSentEventParser {

    /// Far above any event of a model service, which are a few hundred bytes, and what a hostile one can make us hold.
    static final int MAX_EVENT_BYTES = 1 << 20;

    private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

    private final StreamCall call;
    private byte[] line = new byte[512];
    private int length;
    private boolean firstLine = true;
    private @Nullable String event;
    private @Nullable String id;
    private final StringBuilder data = new StringBuilder();

    EventParser(StreamCall call) {
        this.call = call;
    }

    @Override
    public void parse(InputStream body, ServerSentEventListener listener) {
        ServerSentEventContext context =
                new ServerSentEventContext(new DefaultServerSentEventParsingHandle(body));
        boolean afterReturn = false;
        try {
            for (int next = body.read(); next >= 0; next = body.read()) {
                if (next == '\n' && afterReturn) {
                    afterReturn = false; // the second half of a line end
                } else if (next == '\n' || next == '\r') {
                    afterReturn = next == '\r';
                    endLine(listener, context);
                } else {
                    afterReturn = false;
                    append((byte) next);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("a response body reports its end, not errors", e);
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

    private void endLine(ServerSentEventListener listener, ServerSentEventContext context) {
        int start = firstLine && startsWithByteOrderMark() ? BYTE_ORDER_MARK.length : 0;
        firstLine = false;
        if (length == start) {
            dispatch(listener, context);
        } else if (line[start] != ':') {
            field(new String(line, start, length - start, StandardCharsets.UTF_8));
        }
        length = 0;
    }

    private boolean startsWithByteOrderMark() {
        int most = BYTE_ORDER_MARK.length;
        return length >= most && Arrays.equals(line, 0, most, BYTE_ORDER_MARK, 0, most);
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
                // Not in the standard: llama.cpp reported errors like this until September 2025 and
                // then ended the stream as if it were whole.
                event = "error";
                data.append(value).append('\n');
            }
            case "id" -> id = value;
            default -> {} // retry is for browsers
        }
    }

    /// Passes the event on. Not one with empty data, which the standard would: some servers keep the line alive with them.
    private void dispatch(ServerSentEventListener listener, ServerSentEventContext context) {
        if (data.length() > 1) {
            data.setLength(data.length() - 1); // the last line's end
            SpentEvent spent = new SpentEvent(event, data.toString());
            listener.onEvent(spent, context);
            spent.letGo();
            call.workedOff(id);
        }
        event = null;
        data.setLength(0);
    }

    /// An event whose text is gone after it was worked off. LangChain4j collects all events of an answer; with their
    /// text that is fifty times the answer.
    private static final class SpentEvent extends ServerSentEvent {

        private String text;

        SpentEvent(@Nullable String event, String text) {
            super(event, "");
            this.text = text;
        }

        @Override
        public String data() {
            return text;
        }

        void letGo() {
            text = "";
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return this == other;
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(this);
        }
    }
}
