package dev.antiphon.worker.provider.http;

import dev.langchain4j.http.client.sse.DefaultServerSentEventParsingHandle;
import dev.langchain4j.http.client.sse.ServerSentEvent;
import dev.langchain4j.http.client.sse.ServerSentEventContext;
import dev.langchain4j.http.client.sse.ServerSentEventListener;
import dev.langchain4j.http.client.sse.ServerSentEventParser;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/// Parses a stream of lines of JSON, each an event. Unlike LangChain4j's own parser it bounds a line, passes on what a
/// listener throws and drops a line that is cut in the middle.
final class LineParser implements ServerSentEventParser {

    private final StreamCall call;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream(512);

    LineParser(StreamCall call) {
        this.call = call;
    }

    @Override
    public void parse(InputStream body, ServerSentEventListener listener) {
        ServerSentEventContext context =
                new ServerSentEventContext(new DefaultServerSentEventParsingHandle(body));
        try {
            for (int next = body.read(); next >= 0; next = body.read()) {
                if (next == '\n') {
                    endLine(listener, context);
                } else if (line.size() < EventParser.MAX_EVENT_BYTES) {
                    line.write(next);
                } else {
                    call.broke(new Breakage.EventTooLong(EventParser.MAX_EVENT_BYTES));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("a response body reports its end, not errors", e);
        }
    }

    private void endLine(ServerSentEventListener listener, ServerSentEventContext context) {
        String text = line.toString(StandardCharsets.UTF_8);
        line.reset();
        if (!text.isBlank()) {
            listener.onEvent(new ServerSentEvent(null, text), context);
        }
    }
}
