package dev.antiphon.gateway.http;

import dev.antiphon.backplane.doorbell.Notices;
import dev.antiphon.backplane.history.History;
import dev.antiphon.backplane.log.Finish;
import dev.antiphon.backplane.log.SessionLog;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkflowRequest;

import java.time.InstantSource;
import java.util.Optional;

/// `POST /api/messages/{message_id}/cancel`: ends a message in any state (PROTOCOL.md §4). The log ends it, in one
/// step; the notice to the worker, if there is one, only saves model tokens.
final class PostCancel implements Endpoint {

    private final SessionLog log;
    private final History history;
    private final Notices notices;
    private final NamedModel models;
    private final InstantSource clock;

    PostCancel(
            SessionLog log,
            History history,
            Notices notices,
            NamedModel models,
            InstantSource clock) {
        this.log = log;
        this.history = history;
        this.notices = notices;
        this.models = models;
        this.clock = clock;
    }

    @Override
    public void handle(Exchange exchange) {
        MessagePost.read(
                exchange,
                post ->
                        post.whenFound(
                                log.request(post.session(), post.message()),
                                request -> cancel(post, request)));
    }

    private void cancel(MessagePost post, WorkflowRequest request) {
        SessionId session = post.session();
        MessageId message = post.message();
        UserId user = post.user();
        post.exchange()
                .when(
                        models.of(request.context())
                                .thenCompose(model ->
                                        log.finish(Optional.of(user), lastChunk(request, model))),
                        finish -> {
                            switch (finish) {
                                case Finish.Finished _ -> {
                                    notices.cancelled(session, message);
                                    notices.changed(user, session);
                                    // If this fails, a worker does it later.
                                    var _ = history.settle(session);
                                    post.answer("cancelled");
                                }
                                case Finish.Ended() -> post.answer("ended");
                                case Finish.Unknown() -> post.refuseUnknown();
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
}
