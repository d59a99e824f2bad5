package dev.antiphon.gateway.http;

import dev.antiphon.backplane.doorbell.Doorbell;
import dev.antiphon.backplane.history.History;
import dev.antiphon.backplane.log.Finish;
import dev.antiphon.backplane.log.SessionLog;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkflowRequest;

import tools.jackson.databind.node.ObjectNode;

import java.time.InstantSource;
import java.util.Optional;

/// `POST /api/messages/{message_id}/cancel`: ends a message in any state (PROTOCOL.md §4). The log ends it, in one
/// step; the notice to the worker, if there is one, only saves model tokens.
final class PostCancel implements Endpoint {

    private final SessionLog log;
    private final History history;
    private final Doorbell doorbell;
    private final NamedModel models;
    private final InstantSource clock;

    PostCancel(
            SessionLog log,
            History history,
            Doorbell doorbell,
            NamedModel models,
            InstantSource clock) {
        this.log = log;
        this.history = history;
        this.doorbell = doorbell;
        this.models = models;
        this.clock = clock;
    }

    @Override
    public void handle(Exchange exchange) {
        MessageId message = new MessageId(exchange.parameter("message_id"));
        exchange.readJson(body -> {
            SessionId session = new SessionId(Json.text(body, "session_id"));
            UserId user = new UserId(Json.text(body, "user_id"));
            exchange.when(
                    log.request(session, message),
                    request -> found(exchange, session, message, user, request));
        });
    }

    private void found(
            Exchange exchange,
            SessionId session,
            MessageId message,
            UserId user,
            Optional<WorkflowRequest> request) {
        if (request.isEmpty()) {
            exchange.refuse(Problem.noSuchMessage(message));
            return;
        }
        exchange.when(
                models.of(request.get().context())
                        .thenCompose(model ->
                                log.finish(Optional.of(user), lastChunk(request.get(), model))),
                finish -> {
                    switch (finish) {
                        case Finish.Finished finished -> {
                            doorbell.ring(finished.pods(), session, finished.entries());
                            doorbell.cancelled(session, message);
                            doorbell.changed(user, session);
                            // If this fails, a worker does it later.
                            var _ = history.settle(session);
                            exchange.json(202, answer(session, message, "cancelled"));
                        }
                        case Finish.Ended() ->
                                exchange.json(202, answer(session, message, "ended"));
                        case Finish.Unknown() -> exchange.refuse(Problem.noSuchMessage(message));
                    }
                });
    }

    /// The log sets its chunk id.
    private Chunk lastChunk(WorkflowRequest request, String model) {
        return new Chunk(
                request.sessionId(),
                request.messageId(),
                0,
                new ChunkBody.Content(""),
                new Completion(model, null, Completion.FinishReason.CANCELLED),
                clock.instant(),
                request.correlationId());
    }

    private static byte[] answer(SessionId session, MessageId message, String status) {
        ObjectNode answer = Json.object();
        answer.put("message_id", message.value());
        answer.put("session_id", session.value());
        answer.put("status", status);
        return Json.bytes(answer);
    }
}
