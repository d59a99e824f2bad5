package dev.antiphon.worker.run;

import dev.antiphon.backplane.Unavailable;
import dev.antiphon.backplane.doorbell.Doorbell;
import dev.antiphon.backplane.log.Accept;
import dev.antiphon.backplane.log.Batch;
import dev.antiphon.backplane.log.Claim;
import dev.antiphon.backplane.log.Refuse;
import dev.antiphon.backplane.log.SessionLog;
import dev.antiphon.backplane.log.Token;
import dev.antiphon.backplane.queue.Delivery;
import dev.antiphon.backplane.queue.RequestQueue;
import dev.antiphon.backplane.queue.StoredRequest;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.InvalidInput;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.Subjects;
import dev.antiphon.protocol.WorkerId;
import dev.antiphon.protocol.WorkflowRequest;
import dev.antiphon.worker.provider.Providers;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/// What one delivery leads to: its session's unfinished messages are claimed and run, oldest first, until none is left
/// or another worker has them.
public final class SessionRunner {

    private static final Logger LOG = LoggerFactory.getLogger(SessionRunner.class);

    /// Another worker runs the session and goes on to its next message by itself; this is for its death.
    private static final Duration BUSY_RETRY = Duration.ofSeconds(10);

    private static final Duration FULL_RETRY = Duration.ofSeconds(5);
    private static final Duration RELEASE_WITHIN = Duration.ofSeconds(1);

    /// As many as may wait in one session: what is before them is done or full.
    private static final int MAX_BEFORE = 20;

    private static final Duration AWAY_RETRY = Duration.ofMillis(250);

    private final SessionLog log;
    private final Doorbell doorbell;
    private final RequestQueue queue;
    private final Providers providers;
    private final WorkerId worker;
    private final InstantSource clock;

    public SessionRunner(
            SessionLog log,
            Doorbell doorbell,
            RequestQueue queue,
            Providers providers,
            WorkerId worker,
            InstantSource clock) {
        this.log = log;
        this.doorbell = doorbell;
        this.queue = queue;
        this.providers = providers;
        this.worker = worker;
        this.clock = clock;
    }

    /// Works off one delivery and settles it. Blocks until the session has no more work for this worker.
    ///
    /// @throws InterruptedException when the process stops; the delivery is not settled then
    void work(Delivery delivery) throws InterruptedException {
        WorkflowRequest request;
        try {
            request = decode(delivery.request());
        } catch (InvalidInput e) {
            refuse(delivery.request(), e.code(), e.getMessage());
            delivery.ack();
            return;
        }
        Optional<MessageId> delivered = Optional.of(request.messageId());
        while (true) {
            switch (claim(request.sessionId(), delivered)) {
                case Claim.Claimed claimed -> {
                    if (!run(claimed)) {
                        return; // whoever has it now acks
                    }
                    delivered = Optional.empty();
                }
                case Claim.Unknown _ -> {
                    if (!acceptInOrder(request, delivery)) {
                        return;
                    }
                }
                case Claim.Busy _ -> {
                    delivery.retryAfter(BUSY_RETRY);
                    return;
                }
                case Claim.Idle _ -> {
                    delivery.ack();
                    return;
                }
            }
        }
    }

    private static WorkflowRequest decode(StoredRequest delivery) {
        SessionId addressed = Subjects.sessionOf(delivery.subject());
        // A plain publisher may leave out the message id; redeliveries must find the same one
        // again. The time is part of it
        // because a stream that is made anew counts from 1.
        MessageId derived =
                new MessageId(
                        "msg_"
                                + delivery.sequence()
                                + "_"
                                + Long.toString(
                                        delivery.stored().toEpochMilli(), Character.MAX_RADIX));
        WorkflowRequest request =
                WorkflowRequest.decode(
                        delivery.data(), new WorkflowRequest.Defaults(derived, delivery.stored()));
        if (!request.sessionId().equals(addressed)) {
            throw new InvalidInput(
                    ErrorCode.INVALID_FIELD,
                    "session_id " + request.sessionId() + " came on the subject of " + addressed);
        }
        return request;
    }

    private Claim claim(SessionId session, Optional<MessageId> delivered)
            throws InterruptedException {
        Token token = Token.mint();
        return untilAnswered(() -> log.claim(session, delivered, worker, token));
    }

    private boolean run(Claim.Claimed claimed) throws InterruptedException {
        AnswerWriter writer = new AnswerWriter(log, doorbell, clock, claimed);
        try {
            return new Run(providers, claimed, writer).execute();
        } catch (InterruptedException e) {
            if (writer.lost()) {
                return false;
            }
            writer.abandon();
            release(claimed);
            throw e;
        }
    }

    /// Best effort: when Redis does not take it, the run is free as soon as this worker's lease has ended.
    private void release(Claim.Claimed claimed) {
        WorkflowRequest request = claimed.request();
        try {
            log.release(request.sessionId(), request.messageId(), claimed.token())
                    .toCompletableFuture()
                    .orTimeout(RELEASE_WITHIN.toMillis(), TimeUnit.MILLISECONDS)
                    .join();
        } catch (CompletionException e) {
            LOG.atDebug().setCause(e).log("not released");
        }
    }

    /// Accepts a message that came from a plain publisher, or that Redis has lost, after those of its session that were
    /// stored before it and may be with other workers: the order of the stream is the order of the session.
    ///
    /// @return false when the delivery is settled and there is nothing to run
    private boolean acceptInOrder(WorkflowRequest request, Delivery delivery)
            throws InterruptedException {
        for (StoredRequest earlier :
                untilThere(() -> queue.before(delivery.request(), MAX_BEFORE))) {
            if (!acceptEarlier(earlier)) {
                delivery.retryAfter(FULL_RETRY);
                return false;
            }
        }
        return switch (accept(request)) {
            case Accept.Accepted _, Accept.Duplicate _ -> true;
            case Accept.Conflict _ -> {
                refuse(
                        delivery.request(),
                        ErrorCode.MESSAGE_CONFLICT,
                        "message " + request.messageId() + " was asked before with another body");
                delivery.ack();
                yield false;
            }
            case Accept.Foreign _ -> {
                refuse(
                        delivery.request(),
                        ErrorCode.FOREIGN_SESSION,
                        "session " + request.sessionId() + " belongs to another user");
                tell(request, ErrorCode.FOREIGN_SESSION);
                delivery.ack();
                yield false;
            }
            case Accept.Full _ -> {
                delivery.retryAfter(FULL_RETRY);
                yield false;
            }
        };
    }

    /// Gives an earlier request its turn, if it can have one; its own delivery does the rest.
    ///
    /// @return false when the session is full, and so is not open to later ones either
    private boolean acceptEarlier(StoredRequest earlier) throws InterruptedException {
        WorkflowRequest request;
        try {
            request = decode(earlier);
        } catch (InvalidInput e) {
            LOG.atDebug()
                    .addKeyValue("sequence", earlier.sequence())
                    .log("passed over a bad request");
            return true;
        }
        return !(accept(request) instanceof Accept.Full);
    }

    private Accept accept(WorkflowRequest request) throws InterruptedException {
        Accept answer = untilAnswered(() -> log.accept(request));
        if (answer instanceof Accept.Accepted accepted) {
            doorbell.ring(accepted.pods(), request.sessionId(), List.of(accepted.entry()));
        }
        return answer;
    }

    private void refuse(StoredRequest request, ErrorCode code, String reason)
            throws InterruptedException {
        LOG.atWarn()
                .addKeyValue("subject", request.subject())
                .addKeyValue("sequence", request.sequence())
                .addKeyValue("code", code.wire())
                .addKeyValue("reason", reason)
                .log("refused a request; it goes to the dead letters");
        untilThere(() -> {
            queue.deadLetter(request, code, reason);
            return true;
        });
    }

    /// Ends a refused message with one error chunk, for whoever waits for it.
    private void tell(WorkflowRequest request, ErrorCode code) throws InterruptedException {
        Chunk last =
                new Chunk(
                        request.sessionId(),
                        request.messageId(),
                        0,
                        new ChunkBody.Failure(code, code.title()),
                        new Completion("", null, Completion.FinishReason.ERROR),
                        clock.instant(),
                        request.correlationId());
        Refuse refused =
                untilAnswered(() ->
                        log.refuse(request.sessionId(), request.messageId(), Batch.End.of(last)));
        switch (refused) {
            case Refuse.Refused told ->
                    doorbell.ring(told.pods(), request.sessionId(), told.entries());
            case Refuse.Known _ -> {}
        }
    }

    /// Repeats a call until NATS answers it.
    private static <T> T untilThere(Supplier<T> call) throws InterruptedException {
        while (true) {
            try {
                return call.get();
            } catch (Unavailable | CompletionException e) {
                LOG.atDebug().addKeyValue("reason", e.getMessage()).log("asking again");
                TimeUnit.MILLISECONDS.sleep(AWAY_RETRY.toMillis());
            }
        }
    }

    /// Repeats a call until Redis answers it. It may not be given up: a claim whose answer is lost would be ours without
    /// our knowing, and block its session.
    private static <T> T untilAnswered(Supplier<CompletionStage<T>> call)
            throws InterruptedException {
        while (true) {
            try {
                return call.get().toCompletableFuture().get();
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof Unavailable)) {
                    throw new IllegalStateException(e.getCause());
                }
                LOG.atDebug().addKeyValue("reason", e.getMessage()).log("asking again");
                TimeUnit.MILLISECONDS.sleep(AWAY_RETRY.toMillis());
            }
        }
    }
}
