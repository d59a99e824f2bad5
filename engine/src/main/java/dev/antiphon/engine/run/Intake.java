package dev.antiphon.engine.run;

import dev.antiphon.backplane.doorbell.Notices;
import dev.antiphon.backplane.log.Accept;
import dev.antiphon.backplane.log.Batch;
import dev.antiphon.backplane.log.SessionLog;
import dev.antiphon.backplane.queue.Delivery;
import dev.antiphon.backplane.queue.RequestQueue;
import dev.antiphon.backplane.queue.StoredRequest;
import dev.antiphon.engine.run.Counters.Count;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.InvalidInput;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.Subjects;
import dev.antiphon.protocol.WorkflowRequest;
import dev.antiphon.time.Time;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// Accepts requests that no gateway has accepted: those of plain publishers, and those that Redis has lost. Requests
/// that cannot run go to the dead letters.
final class Intake {

    private static final Logger LOG = LoggerFactory.getLogger(Intake.class);

    private static final Duration FULL_RETRY = Duration.ofSeconds(5);

    /// As many as can wait in one session: what comes before them is done or full.
    private static final int MAX_BEFORE = 20;

    private final SessionLog log;
    private final Notices notices;
    private final RequestQueue queue;
    private final Time time;
    private final Retries retries;
    private final Counters counters;
    private final Providers providers;

    Intake(
            SessionLog log,
            Notices notices,
            RequestQueue queue,
            Time time,
            Counters counters,
            Providers providers) {
        this.log = log;
        this.notices = notices;
        this.queue = queue;
        this.time = time;
        this.retries = new Retries(time, counters);
        this.counters = counters;
        this.providers = providers;
    }

    /// Reads a delivery's request; settles the delivery if the request is invalid.
    Optional<WorkflowRequest> read(Delivery delivery) throws InterruptedException {
        try {
            return Optional.of(decode(delivery.request()));
        } catch (InvalidInput e) {
            refuse(delivery, e.code(), e.getMessage());
            return Optional.empty();
        }
    }

    private static WorkflowRequest decode(StoredRequest stored) {
        SessionId addressed = Subjects.sessionOf(stored.subject());
        WorkflowRequest request =
                WorkflowRequest.decode(
                        stored.data(),
                        new WorkflowRequest.Defaults(derivedId(stored), stored.stored()));
        if (!request.sessionId().equals(addressed)) {
            throw new InvalidInput(
                    ErrorCode.INVALID_FIELD,
                    "session_id " + request.sessionId() + " came on the subject of " + addressed);
        }
        return request;
    }

    /// A plain publisher can leave out the message id; a redelivery must find the same id again. The id contains the
    /// time, because a recreated stream counts from 1.
    private static MessageId derivedId(StoredRequest stored) {
        String time = Long.toString(stored.stored().toEpochMilli(), Character.MAX_RADIX);
        return new MessageId("msg_" + stored.sequence() + "_" + time);
    }

    /// Accepts a request after those requests of its session that were stored before it and that other workers may
    /// have: the order of the stream is the order of the session.
    ///
    /// @return false when the delivery is settled and there is nothing to run
    boolean accept(WorkflowRequest request, Delivery delivery) throws InterruptedException {
        if (delivery.request().republished()) {
            drop(delivery);
            return false;
        }
        List<StoredRequest> before =
                retries.untilReturned(() -> queue.before(delivery.request(), MAX_BEFORE));
        for (StoredRequest earlier : before) {
            if (!acceptEarlier(earlier)) {
                counters.add(Count.FULL);
                delivery.retryAfter(FULL_RETRY);
                return false;
            }
        }
        return takeTurn(request, delivery);
    }

    /// Whether a message whose id was known when its delivery came belongs to this request. If another request has the
    /// same id, it is refused.
    ///
    /// @return false when the delivery is settled and there is nothing to run
    boolean isOurs(WorkflowRequest request, Delivery delivery) throws InterruptedException {
        boolean same =
                retries.untilAnswered(() -> log.request(request.sessionId(), request.messageId()))
                        .filter(known -> known.digest().equals(request.digest()))
                        .isPresent();
        return same || takeTurn(request, delivery);
    }

    /// Accepts a request, or finds that it was accepted before.
    ///
    /// @return false when the delivery is settled and there is nothing to run
    boolean takeTurn(WorkflowRequest request, Delivery delivery) throws InterruptedException {
        if (delivery.request().republished()
                || !retries.untilReturned(() -> queue.isStored(delivery.request()))) {
            drop(delivery);
            return false;
        }
        return switch (accept(request)) {
            case Accept.Accepted _, Accept.Duplicate _ -> true;
            case Accept.Conflict _ -> {
                refuse(
                        delivery,
                        ErrorCode.MESSAGE_CONFLICT,
                        "message "
                                + request.messageId()
                                + " was asked before with another body, or in a session that was deleted");
                yield false;
            }
            case Accept.Foreign _ -> {
                tell(request, ErrorCode.FOREIGN_SESSION);
                refuse(
                        delivery,
                        ErrorCode.FOREIGN_SESSION,
                        "session " + request.sessionId() + " belongs to another user");
                yield false;
            }
            case Accept.Full _ -> {
                counters.add(Count.FULL);
                delivery.retryAfter(FULL_RETRY);
                yield false;
            }
        };
    }

    /// Its session was deleted, either while this worker had the request, or before another process that had read it
    /// from Redis published it again. Accepting it would restore what its user deleted.
    private void drop(Delivery delivery) {
        counters.add(Count.WITHDRAWN);
        LOG.atInfo()
                .addKeyValue("subject", delivery.request().subject())
                .addKeyValue("sequence", delivery.request().sequence())
                .log("dropped a request: its session was deleted");
        delivery.ack();
    }

    /// Accepts an earlier request if it can be accepted; its own delivery does the rest.
    ///
    /// @return false when the session is full, and so accepts no later requests either
    private boolean acceptEarlier(StoredRequest earlier) throws InterruptedException {
        if (earlier.republished()) {
            return true; // accepted before it was published, or deleted
        }
        WorkflowRequest request;
        try {
            request = decode(earlier);
        } catch (InvalidInput e) {
            LOG.atDebug()
                    .addKeyValue("sequence", earlier.sequence())
                    .log("skipped an invalid earlier request");
            return true;
        }
        return !(accept(request) instanceof Accept.Full);
    }

    private Accept accept(WorkflowRequest request) throws InterruptedException {
        Accept answer = retries.untilAnswered(() -> log.accept(request));
        if (answer instanceof Accept.Accepted) {
            notices.changed(request.userId(), request.sessionId());
        }
        return answer;
    }

    private void refuse(Delivery delivery, ErrorCode code, String reason)
            throws InterruptedException {
        LOG.atWarn()
                .addKeyValue("subject", delivery.request().subject())
                .addKeyValue("sequence", delivery.request().sequence())
                .addKeyValue("code", code.wire())
                .addKeyValue("reason", reason)
                .log("request refused; it goes to the dead letters");
        deadLetter(delivery.request(), code, reason);
        delivery.ack();
    }

    /// Stores a request in the dead letters; returns when it is stored.
    void deadLetter(StoredRequest request, ErrorCode code, String reason)
            throws InterruptedException {
        retries.untilReturned(() -> {
            queue.deadLetter(request, code, reason);
            return true;
        });
        counters.add(Count.DEAD_LETTER);
    }

    /// Ends a refused message with one error chunk, for its readers.
    private void tell(WorkflowRequest request, ErrorCode code) throws InterruptedException {
        Batch.End end = Batch.End.of(failure(request, code));
        var _ =
                retries.untilAnswered(
                        () -> log.refuse(request.sessionId(), request.messageId(), end));
    }

    /// A message's last chunk, which says why there is no answer. The log assigns its chunk id.
    Chunk failure(WorkflowRequest request, ErrorCode code) {
        return last(
                request, new ChunkBody.Failure(code, code.title()), Completion.FinishReason.ERROR);
    }

    /// The last chunk of a cancelled message; otherwise like {@link #failure}.
    Chunk cancellation(WorkflowRequest request) {
        return last(request, new ChunkBody.Content(""), Completion.FinishReason.CANCELLED);
    }

    private Chunk last(WorkflowRequest request, ChunkBody body, Completion.FinishReason reason) {
        return new Chunk(
                request.sessionId(),
                request.messageId(),
                0,
                body,
                new Completion(providers.modelNamedFor(request.context()), null, reason),
                time.instant(),
                request.correlationId());
    }
}
