package dev.antiphon.gateway.http;

import dev.antiphon.backplane.doorbell.Notices;
import dev.antiphon.backplane.history.Conversations;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.InvalidInput;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import tools.jackson.databind.node.ObjectNode;

/// `PATCH /api/sessions/{session_id}`: gives a session a new title (PROTOCOL.md §4).
final class PatchSession implements Endpoint {

    /// More than a list shows in one line.
    private static final int MOST_TITLE_CHARACTERS = 200;

    private final Conversations conversations;
    private final Notices notices;

    PatchSession(Conversations conversations, Notices notices) {
        this.conversations = conversations;
        this.notices = notices;
    }

    @Override
    public void handle(Exchange exchange) {
        SessionId session = new SessionId(exchange.parameter("session_id"));
        exchange.readJson(body -> {
            UserId user = new UserId(Json.text(body, "user_id"));
            exchange.when(
                    conversations.rename(session, user, title(body)),
                    renamed -> {
                        if (renamed) {
                            notices.changed(user, session);
                            exchange.answer(204);
                        } else {
                            exchange.refuse(Problem.notYours());
                        }
                    });
        });
    }

    /// One line, because a list shows one line.
    private static String title(ObjectNode body) {
        String title = Json.text(body, "title").replaceAll("[\\s\\p{Cntrl}]+", " ").strip();
        if (title.isEmpty() || title.codePointCount(0, title.length()) > MOST_TITLE_CHARACTERS) {
            throw new InvalidInput(
                    ErrorCode.INVALID_FIELD,
                    "title must have 1 to " + MOST_TITLE_CHARACTERS + " characters");
        }
        return title;
    }
}
