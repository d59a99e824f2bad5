package dev.antiphon.gateway.http;

import dev.antiphon.backplane.doorbell.Doorbell;
import dev.antiphon.backplane.log.Accept;
import dev.antiphon.backplane.log.SessionLog;
import dev.antiphon.backplane.queue.RequestQueue;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.Ids;
import dev.antiphon.protocol.InvalidInput;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.WorkflowRequest;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import java.time.Duration;
import java.time.InstantSource;
import java.util.List;

/// `POST /api/chat`: accepts a message, so that it will be answered whatever happens next (PROTOCOL.md §4).
final class PostChat implements Endpoint {

    private static final int MOST_KEY_CHARACTERS = 256;

    /// About what an answer takes.
    private static final Duration RETRY_FULL = Duration.ofSeconds(5);

    private final SessionLog log;
    private final RequestQueue queue;
    private final Doorbell doorbell;
    private final InstantSource clock;

    PostChat(SessionLog log, RequestQueue queue, Doorbell doorbell, InstantSource clock) {
        this.log = log;
        this.queue = queue;
        this.doorbell = doorbell;
        this.clock = clock;
    }

    @Override
    public void handle(Exchange exchange) {
        exchange.readJson(body -> {
            WorkflowRequest request = read(body, exchange.header("Idempotency-Key"));
            exchange.when(log.accept(request), accept -> accepted(exchange, request, accept));
        });
    }

    private WorkflowRequest read(ObjectNode object, @Nullable String idempotencyKey) {
        moveIntoContext(object, "ai_provider");
        moveIntoContext(object, "model");
        object.remove("timestamp"); // ours: the contract gives clients none
        WorkflowRequest request =
                WorkflowRequest.of(
                        object,
                        new WorkflowRequest.Defaults(
                                new MessageId(Ids.mint("msg_")), clock.instant()));
        return idempotencyKey == null || has(object, "message_id")
                ? request
                : withMessageId(request, messageId(request, idempotencyKey));
    }

    /// Short forms of the context's keys; they say more than the context does when both are there.
    private static void moveIntoContext(ObjectNode object, String key) {
        if (!has(object, key)) {
            return;
        }
        if (!has(object, "context")) {
            object.putObject("context");
        }
        if (object.get("context") instanceof ObjectNode context) { // else it is refused as it is
            context.set(key, object.get(key));
        }
    }

    private static boolean has(ObjectNode object, String key) {
        JsonNode value = object.get(key);
        return value != null && !value.isNull();
    }

    private static MessageId messageId(WorkflowRequest request, String idempotencyKey) {
        if (idempotencyKey.isEmpty() || idempotencyKey.length() > MOST_KEY_CHARACTERS) {
            throw new InvalidInput(
                    ErrorCode.INVALID_FIELD, "Idempotency-Key must have 1 to 256 characters");
        }
        return WorkflowRequest.messageIdFor(request.sessionId(), request.userId(), idempotencyKey);
    }

    private static WorkflowRequest withMessageId(WorkflowRequest request, MessageId messageId) {
        return new WorkflowRequest(
                messageId,
                request.sessionId(),
                request.userId(),
                request.message(),
                request.context(),
                request.parentId(),
                request.timestamp(),
                request.correlationId());
    }

    private void accepted(Exchange exchange, WorkflowRequest request, Accept accept) {
        switch (accept) {
            case Accept.Accepted accepted -> {
                doorbell.ring(accepted.pods(), request.sessionId(), List.of(accepted.entry()));
                publish(exchange, request, accepted.waitingBefore() > 0);
            }
            // Perhaps the first try accepted it and died before it published: publishing again
            // heals that, and where it
            // was published, the queue drops the second.
            case Accept.Duplicate() -> publish(exchange, request, false);
            case Accept.Conflict() ->
                    exchange.refuse(
                            Problem.of(
                                    ErrorCode.MESSAGE_CONFLICT,
                                    "message " + request.messageId() + " asked something else"));
            case Accept.Foreign() -> exchange.refuse(Problem.notYours());
            case Accept.Full() ->
                    exchange.refuse(
                            new Problem(
                                    ErrorCode.TOO_MANY_WAITING,
                                    "wait until one of the session's messages is answered",
                                    RETRY_FULL));
        }
    }

    /// The message is accepted whatever the queue says: what it did not take is found by its deadline.
    private void publish(Exchange exchange, WorkflowRequest request, boolean busy) {
        exchange.when(
                queue.publish(request).handle((_, failure) -> failure == null),
                stored ->
                        exchange.json(
                                202, answer(request, busy || !stored ? "queued" : "accepted")));
    }

    private static byte[] answer(WorkflowRequest request, String status) {
        ObjectNode answer = Json.object();
        answer.put("message_id", request.messageId().value());
        answer.put("session_id", request.sessionId().value());
        answer.put("status", status);
        answer.put("timestamp", request.timestamp().toString());
        answer.put("correlation_id", request.correlationId());
        return Json.bytes(answer);
    }
}
