package dev.antiphon.gateway.http;

import dev.antiphon.backplane.history.Conversations;
import dev.antiphon.backplane.history.Sessions;
import dev.antiphon.protocol.UserId;

import java.util.Optional;

/// `GET /api/sessions`: a user's sessions, the most recently answered first (PROTOCOL.md §4).
final class GetSessions implements Endpoint {

    private static final int MOST = 100;
    private static final int USUAL = 50;

    private final Conversations conversations;

    GetSessions(Conversations conversations) {
        this.conversations = conversations;
    }

    @Override
    public void handle(Exchange exchange) {
        Query query = exchange.query();
        UserId user = new UserId(query.required("user_id"));
        Optional<Sessions.Place> before =
                Optional.ofNullable(query.optional("before")).map(Sessions.Place::of);
        int most = query.number("limit", USUAL, MOST);
        exchange.when(
                conversations.sessions(user, before, most),
                page -> exchange.json(200, page.json()));
    }
}
