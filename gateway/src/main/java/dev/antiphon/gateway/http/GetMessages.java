package dev.antiphon.gateway.http;

import dev.antiphon.backplane.history.History;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

/// `GET /api/sessions/{id}/messages`: the newest turns of a session, and the cursor to follow its stream from
/// (PROTOCOL.md §4).
final class GetMessages implements Endpoint {

    private final History history;

    GetMessages(History history) {
        this.history = history;
    }

    @Override
    public void handle(Exchange exchange) {
        SessionId session = new SessionId(exchange.parameter("session_id"));
        UserId user = new UserId(exchange.query().required("user_id"));
        exchange.when(
                history.newest(session, user),
                recent ->
                        recent.ifPresentOrElse(
                                found -> exchange.json(200, found.json()),
                                () -> exchange.refuse(Problem.notYours())));
    }
}
