package dev.antiphon.gateway.http;

import dev.antiphon.backplane.history.Conversations;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import java.util.Optional;

/// `GET /api/sessions/{id}/messages`: the newest turns of a session or those before one, and the cursor from which to
/// follow its stream (PROTOCOL.md §4).
final class GetMessages implements Endpoint {

    private static final int MOST = 50;

    private final Conversations conversations;

    GetMessages(Conversations conversations) {
        this.conversations = conversations;
    }

    @Override
    public void handle(Exchange exchange) {
        SessionId session = new SessionId(exchange.parameter("session_id"));
        Query query = exchange.query();
        UserId user = new UserId(query.required("user_id"));
        Optional<MessageId> before =
                Optional.ofNullable(query.optional("before")).map(MessageId::new);
        exchange.when(
                conversations.turns(session, user, before, query.number("limit", MOST, MOST)),
                recent ->
                        recent.ifPresentOrElse(
                                found -> exchange.json(200, found.json()),
                                () -> exchange.refuse(Problem.notYours())));
    }
}
