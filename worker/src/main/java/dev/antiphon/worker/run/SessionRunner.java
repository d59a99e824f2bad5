package dev.antiphon.worker.run;

import dev.antiphon.backplane.Unavailable;
import dev.antiphon.backplane.doorbell.Doorbell;
import dev.antiphon.backplane.log.Accept;
import dev.antiphon.backplane.log.Claim;
import dev.antiphon.backplane.log.SessionLog;
import dev.antiphon.backplane.log.Token;
import dev.antiphon.backplane.queue.Delivery;
import dev.antiphon.backplane.queue.RequestQueue;
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
            request = decode(delivery);
        } catch (InvalidInput e) {
            refuse(delivery, e.code(), e.getMessage());
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
                    if (!accept(request, delivery)) {
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

    private static WorkflowRequest decode(Delivery delivery) {
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
            throw e;
        }
    }

    /// Accepts a message that came from a plain publisher, or that Redis has lost.
    ///
    /// @return false when the delivery is settled and there is nothing to run
    private boolean accept(WorkflowRequest request, Delivery delivery) throws InterruptedException {
        return switch (untilAnswered(() -> log.accept(request))) {
            case Accept.Accepted accepted -> {
                doorbell.ring(accepted.pods(), request.sessionId(), List.of(accepted.entry()));
                yield true;
            }
            case Accept.Duplicate _ -> true;
            case Accept.Conflict _ -> {
                refuse(
                        delivery,
                        ErrorCode.MESSAGE_CONFLICT,
                        "message " + request.messageId() + " was asked before with another body");
                yield false;
            }
            case Accept.Foreign _ -> {
                refuse(
                        delivery,
                        ErrorCode.FOREIGN_SESSION,
                        "session " + request.sessionId() + " belongs to another user");
                yield false;
            }
            case Accept.Full _ -> {
                delivery.retryAfter(FULL_RETRY);
                yield false;
            }
        };
    }

    private void refuse(Delivery delivery, ErrorCode code, String reason)
            throws InterruptedException {
        LOG.atWarn()
                .addKeyValue("subject", delivery.subject())
                .addKeyValue("sequence", delivery.sequence())
                .addKeyValue("code", code.wire())
                .addKeyValue("reason", reason)
                .log("refused a request; it is in the dead letters");
        while (true) {
            try {
                queue.deadLetter(delivery, code, reason);
                delivery.ack();
                return;
            } catch (Unavailable | CompletionException e) {
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
