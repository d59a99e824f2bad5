package dev.antiphon.gateway.http;

import dev.antiphon.gateway.stream.Cursor;
import dev.antiphon.gateway.stream.Hub;
import dev.antiphon.gateway.stream.Opened;
import dev.antiphon.gateway.stream.Subscriber;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import org.jspecify.annotations.Nullable;

/// `GET /api/sse`: a session's events, live and from the place where the client stopped (PROTOCOL.md §5).
final class GetEvents implements Endpoint {

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
            exchange.refuse(Problem.tooManyStreams());
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
                SseOutlet outlet = exchange.events(buffers);
                outlet.whenDrained(subscriber::drained);
                subscriber.start(outlet);
            }
            case Opened.Foreign() -> exchange.refuse(Problem.notYours());
            case Opened.Failed(Throwable cause) -> exchange.failed(cause);
        }
    }

    /// The header wins: a browser that reconnects sends the newest id in it and the same query as before.
    private static Cursor cursor(@Nullable String header, @Nullable String parameter) {
        return Cursors.read(header == null || header.isEmpty() ? parameter : header);
    }
}
