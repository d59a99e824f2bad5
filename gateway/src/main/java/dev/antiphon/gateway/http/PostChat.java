package dev.antiphon.gateway.http;

import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.Ids;
import dev.antiphon.protocol.InvalidInput;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkflowRequest;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import java.time.InstantSource;

/// `POST /api/chat`: accepts a message, so that it will be answered whatever happens next (PROTOCOL.md §4).
final class PostChat implements Endpoint {

    private static final int MOST_KEY_CHARACTERS = 256;

    private final Accepting accepting;
    private final InstantSource clock;

    PostChat(Accepting accepting, InstantSource clock) {
        this.accepting = accepting;
        this.clock = clock;
    }

    @Override
    public void handle(Exchange exchange) {
        exchange.readJson(body ->
                accepting.acceptChecked(exchange, read(body, exchange.header("Idempotency-Key"))));
    }

    private WorkflowRequest read(ObjectNode object, @Nullable String idempotencyKey) {
        moveIntoContext(object, "ai_provider");
        moveIntoContext(object, "model");
        moveIntoContext(object, "workflow");
        object.remove("timestamp"); // ours: the contract gives clients none
        return WorkflowRequest.of(
                object,
                new WorkflowRequest.Defaults(
                        messageId(object, idempotencyKey, ""), clock.instant()));
    }

    /// Accepts short forms of the context's keys; they win over the context when both are present.
    static void moveIntoContext(ObjectNode object, String key) {
        if (!has(object, key)) {
            return;
        }
        if (!has(object, "context")) {
            object.putObject("context");
        }
        if (object.get("context") instanceof ObjectNode context) { // otherwise refused as it is
            context.set(key, object.get(key));
        }
    }

    static boolean has(ObjectNode object, String key) {
        JsonNode value = object.get(key);
        return value != null && !value.isNull();
    }

    /// The id of a message that names none: the same for the same key.
    ///
    /// @param purpose the purpose of the key besides a message; keys of different purposes never collide
    static MessageId messageId(ObjectNode object, @Nullable String idempotencyKey, String purpose) {
        if (idempotencyKey == null || has(object, "message_id")) {
            return new MessageId(Ids.mint("msg_"));
        }
        if (idempotencyKey.isEmpty() || idempotencyKey.length() > MOST_KEY_CHARACTERS) {
            throw new InvalidInput(
                    ErrorCode.INVALID_FIELD, "Idempotency-Key must have 1 to 256 characters");
        }
        return WorkflowRequest.messageIdFor(
                new SessionId(Json.text(object, "session_id")),
                new UserId(Json.text(object, "user_id")),
                purpose + idempotencyKey);
    }
}
