package dev.antiphon.gateway.http;

import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import tools.jackson.databind.node.ObjectNode;

import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/// A POST about one message: the path names the message, and the body the session and its user.
///
/// @param body everything that the client sent; each route reads its own fields
record MessagePost(
        Exchange exchange, SessionId session, MessageId message, UserId user, ObjectNode body) {

    /// Reads a request and passes it on when its body is complete.
    ///
    /// @throws dev.antiphon.protocol.InvalidInput when the path is not a message's
    static void read(Exchange exchange, Consumer<MessagePost> then) {
        MessageId message = new MessageId(exchange.parameter("message_id"));
        exchange.readJson(body ->
                then.accept(
                        new MessagePost(
                                exchange,
                                new SessionId(Json.text(body, "session_id")),
                                message,
                                new UserId(Json.text(body, "user_id")),
                                body)));
    }

    /// Continues on the loop with the value of `stage`, or refuses when the session has no such message.
    <T> void whenFound(CompletionStage<Optional<T>> stage, Consumer<T> then) {
        exchange.when(stage, found -> found.ifPresentOrElse(then, this::refuseUnknown));
    }

    void refuseUnknown() {
        exchange.refuse(Problem.noSuchMessage(message));
    }

    /// Answers that the message now has this status.
    void answer(String status) {
        exchange.json(202, Json.bytes(status(session, message, status)));
    }

    /// The status of a message, as every route answers it.
    static ObjectNode status(SessionId session, MessageId message, String status) {
        return Json.object()
                .put("message_id", message.value())
                .put("session_id", session.value())
                .put("status", status);
    }
}
