package dev.antiphon.gateway.http;

import dev.antiphon.backplane.doorbell.Notices;
import dev.antiphon.backplane.log.Resume;
import dev.antiphon.backplane.log.SessionLog;
import dev.antiphon.backplane.log.UserAnswer;
import dev.antiphon.backplane.queue.RequestQueue;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.InvalidInput;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.WorkflowRequest;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import java.nio.charset.StandardCharsets;
import java.time.InstantSource;

/// `POST /api/messages/{message_id}/resume`: gives a run the answer that it waits for (PROTOCOL.md §4). Any worker can
/// continue it.
final class PostResume implements Endpoint {

    private static final Problem NOT_WAITING =
            Problem.of(
                    ErrorCode.NOT_WAITING,
                    "the message was already answered, now asks another question (chunk_id), or"
                            + " has ended");

    private final SessionLog log;
    private final RequestQueue queue;
    private final Notices notices;
    private final InstantSource clock;

    PostResume(SessionLog log, RequestQueue queue, Notices notices, InstantSource clock) {
        this.log = log;
        this.queue = queue;
        this.notices = notices;
        this.clock = clock;
    }

    @Override
    public void handle(Exchange exchange) {
        MessagePost.read(
                exchange,
                post -> {
                    UserAnswer answer = new UserAnswer(answer(post.body()), question(post.body()));
                    post.whenFound(
                            log.request(post.session(), post.message()),
                            request -> resume(post, request, answer));
                });
    }

    /// A text stays as it is, anything else becomes JSON: the workflow and the client agree on the meaning.
    private static String answer(ObjectNode body) {
        JsonNode answer = body.get("answer");
        if (answer == null || answer.isNull()) {
            throw new InvalidInput(ErrorCode.MISSING_FIELD, "answer is required");
        }
        return answer.isString()
                ? answer.stringValue()
                : new String(Json.bytes(answer), StandardCharsets.UTF_8);
    }

    /// The id of the chunk with the question; null when the client does not name it.
    private static @Nullable Integer question(ObjectNode body) {
        JsonNode question = body.get("chunk_id");
        if (question == null || question.isNull()) {
            return null;
        }
        if (!question.isInt() || question.intValue() < 0) {
            throw new InvalidInput(ErrorCode.INVALID_FIELD, "chunk_id must be the id of a chunk");
        }
        return question.intValue();
    }

    private void resume(MessagePost post, WorkflowRequest request, UserAnswer answer) {
        post.exchange()
                .when(
                        log.resume(post.user(), resumed(request, answer.text()), answer),
                        resume -> {
                            switch (resume) {
                                case Resume.Resumed now -> goOn(post, now);
                                case Resume.NotWaiting() -> post.exchange().refuse(NOT_WAITING);
                                case Resume.Unknown() -> post.refuseUnknown();
                            }
                        });
    }

    /// The log sets its chunk id.
    private Chunk resumed(WorkflowRequest request, String answer) {
        return new Chunk(
                request.sessionId(),
                request.messageId(),
                0,
                new ChunkBody.Status(ChunkBody.Status.RESUMED, Json.object().put("answer", answer)),
                null,
                clock.instant(),
                request.correlationId());
    }

    /// The run continues whatever the queue answers: a request that the queue did not take is found at its deadline.
    private void goOn(MessagePost post, Resume.Resumed resumed) {
        WorkflowRequest request = resumed.request();
        notices.changed(request.userId(), request.sessionId());
        post.exchange()
                .when(
                        queue.publishAgain(request, resumed.occasion())
                                .handle((_, failure) -> failure == null),
                        stored -> post.answer(stored ? "accepted" : "queued"));
    }
}
