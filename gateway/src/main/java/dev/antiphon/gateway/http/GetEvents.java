package dev.antiphon.gateway.http;

import dev.antiphon.gateway.stream.Cursor;
import dev.antiphon.gateway.stream.Hub;
import dev.antiphon.gateway.stream.Opened;
import dev.antiphon.gateway.stream.Subscriber;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.InvalidInput;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import org.jspecify.annotations.Nullable;

import java.time.Duration;

/// `GET /api/sse`: a session's events, live and from wherever the client stopped (PROTOCOL.md §5).
final class GetEvents implements Endpoint {

    /// Long enough for some streams to end, short enough to be patient for.
    private static final Duration RETRY_FULL = Duration.ofSeconds(5);

    private final Hub hub;
    private final int mostConnections;
    private final SharedBuffers buffers = new SharedBuffers();

    GetEvents(Hub hub, int mostConnections) {
        this.hub = hub;
        this.mostConnections = mostConnections;
    }

    @Override
    public void handle(Exchange exchange) {
        Query query = exchange.query();
        SessionId session = new SessionId(query.required("session_id"));
        UserId user = new UserId(query.required("user_id"));
        Cursor from = cursor(exchange.header("Last-Event-ID"), query.optional("last_event_id"));
        if (hub.connections() >= mostConnections) {
            exchange.refuse(
                    new Problem(
                            ErrorCode.TOO_MANY_CONNECTIONS,
                            "this pod holds as many streams as it may",
                            RETRY_FULL));
            return;
        }
        Subscriber subscriber =
                hub.open(
                        session,
                        user,
                        from,
                        opened -> exchange.guard(() -> answer(exchange, opened)));
        exchange.whenOver(subscriber::leave);
    }

    private void answer(Exchange exchange, Opened opened) {
        switch (opened) {
            case Opened.Ready(Subscriber subscriber) -> {
                exchange.with("Content-Type", "text/event-stream")
                        .with("Cache-Control", "no-cache")
                        .with("X-Accel-Buffering", "no"); // nginx would collect events otherwise
                exchange.stream(buffers).start(subscriber);
            }
            case Opened.Foreign() -> exchange.refuse(Problem.notYours());
            case Opened.Failed(Throwable cause) -> exchange.failed(cause);
        }
    }

    /// The header wins: a browser that reconnects sends the newest id in it and the same query as before.
    private static Cursor cursor(@Nullable String header, @Nullable String parameter) {
        String last = header == null || header.isEmpty() ? parameter : header;
        if (last == null) {
            return new Cursor.None();
        }
        try {
            return new Cursor.At(EntryId.parse(last));
        } catch (InvalidInput e) {
            // Not refused: a browser would send it again for ever. It begins again instead.
            return new Cursor.Unknown();
        }
    }
}
