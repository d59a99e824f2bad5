package dev.antiphon.gateway.http;

import dev.antiphon.backplane.doorbell.Notices;
import dev.antiphon.backplane.history.Conversations;
import dev.antiphon.backplane.log.Accept;
import dev.antiphon.backplane.log.SessionLog;
import dev.antiphon.backplane.queue.RequestQueue;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkflowRequest;

import tools.jackson.databind.node.ObjectNode;

import java.time.Duration;
import java.util.Optional;

/// Accepts a request: from then on it will be answered, whatever happens.
final class Accepting {

    /// About the time of an answer.
    private static final Duration RETRY_FULL = Duration.ofSeconds(5);

    private final SessionLog log;
    private final Conversations conversations;
    private final RequestQueue queue;
    private final Notices notices;

    Accepting(SessionLog log, Conversations conversations, RequestQueue queue, Notices notices) {
        this.log = log;
        this.conversations = conversations;
        this.queue = queue;
        this.notices = notices;
    }

    /// Accepts a request without checking its parent.
    void acceptChecked(Exchange exchange, WorkflowRequest request) {
        MessageId parent = request.parentId();
        if (parent == null || parent.equals(request.messageId())) {
            accept(exchange, request);
            return;
        }
        exchange.when(
                conversations.asked(request.sessionId(), request.userId(), parent),
                found -> {
                    if (found.isPresent()) {
                        accept(exchange, request);
                    } else {
                        acceptAfterLoss(exchange, request, parent);
                    }
                });
    }

    /// Continues a conversation that was lost: a page that is still open shows it, and would otherwise be refused until
    /// it is reloaded. A question from there begins the conversation again. So does its repetition, which must not be
    /// refused because of the conversation that it began.
    private void acceptAfterLoss(Exchange exchange, WorkflowRequest request, MessageId parent) {
        SessionId session = request.sessionId();
        UserId user = request.userId();
        exchange.when(
                conversations
                        .turns(session, user, Optional.empty(), 1)
                        .thenCombine(
                                conversations.asked(session, user, request.messageId()),
                                (recent, before) ->
                                        before.isPresent()
                                                || recent.isEmpty()
                                                || recent.get().turns().isEmpty()),
                goesOn -> {
                    if (goesOn) {
                        accept(exchange, request);
                    } else {
                        exchange.refuse(Problem.noSuchMessage(parent));
                    }
                });
    }

    /// Accepts a request.
    void accept(Exchange exchange, WorkflowRequest request) {
        exchange.when(log.accept(request), accept -> accepted(exchange, request, accept));
    }

    private void accepted(Exchange exchange, WorkflowRequest request, Accept accept) {
        switch (accept) {
            case Accept.Accepted accepted -> {
                notices.changed(request.userId(), request.sessionId());
                publish(exchange, request, accepted.waitingBefore() > 0);
            }
            // Perhaps the first attempt accepted it and failed before it published. Publishing
            // again repairs that; if it was published, the queue drops the duplicate.
            case Accept.Duplicate() -> publish(exchange, request, false);
            case Accept.Conflict() ->
                    exchange.refuse(
                            Problem.of(
                                    ErrorCode.MESSAGE_CONFLICT,
                                    "message "
                                            + request.messageId()
                                            + " was already sent with another body, or in a session that was"
                                            + " deleted"));
            case Accept.Foreign() -> exchange.refuse(Problem.notYours());
            case Accept.Full() ->
                    exchange.refuse(
                            new Problem(
                                    ErrorCode.TOO_MANY_WAITING,
                                    "wait until one of the session's messages is answered",
                                    RETRY_FULL));
        }
    }

    /// The message is accepted whatever the queue answers: a request that the queue did not take is found at
    /// its deadline.
    private void publish(Exchange exchange, WorkflowRequest request, boolean busy) {
        exchange.when(
                queue.publish(request).handle((_, failure) -> failure == null),
                stored ->
                        exchange.json(
                                202, answer(request, busy || !stored ? "queued" : "accepted")));
    }

    private static byte[] answer(WorkflowRequest request, String status) {
        ObjectNode answer = MessagePost.status(request.sessionId(), request.messageId(), status);
        answer.put("timestamp", request.timestamp().toString());
        answer.put("correlation_id", request.correlationId());
        return Json.bytes(answer);
    }
}
