package dev.antiphon.backplane.history;

import dev.antiphon.backplane.Unavailable;
import dev.antiphon.backplane.log.Accept;
import dev.antiphon.backplane.log.Append;
import dev.antiphon.backplane.log.Batch;
import dev.antiphon.backplane.log.Claim;
import dev.antiphon.backplane.log.Finish;
import dev.antiphon.backplane.log.Refuse;
import dev.antiphon.backplane.log.Resume;
import dev.antiphon.backplane.log.SessionLog;
import dev.antiphon.backplane.log.Slice;
import dev.antiphon.backplane.log.Token;
import dev.antiphon.backplane.log.UserAnswer;
import dev.antiphon.backplane.log.WorkState;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkerId;
import dev.antiphon.protocol.WorkflowRequest;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/// The session log in Redis, with a copy of each run that waits for its user in PostgreSQL. The copies survive the loss
/// of Redis.
///
/// A run is stored as soon as it waits, before any caller learns that its message waits, and so before any worker
/// acknowledges its delivery. The row is removed before the answer to the claim that lets the run continue. Otherwise,
/// if Redis is lost afterwards, the run could continue twice from the same place. While PostgreSQL is unavailable,
/// users still get the questions; deliveries of their runs stay in the queue, and answered runs wait.
public final class ParkingSessionLog implements SessionLog {

    private static final Logger LOG = LoggerFactory.getLogger(ParkingSessionLog.class);

    private static final CompletionStage<WorkState> AT_WORK =
            CompletableFuture.completedStage(new WorkState.AtWork());

    private final SessionLog log;
    private final ParkedStore parked;

    /// @param log the log in Redis
    public ParkingSessionLog(SessionLog log, ParkedStore parked) {
        this.log = log;
        this.parked = parked;
    }

    @Override
    public CompletionStage<Append> append(Batch batch) {
        CompletionStage<Append> answer = log.append(batch);
        if (batch.then() == Batch.Then.PARK) {
            var _ =
                    answer.thenAccept(told -> {
                        if (told instanceof Append.Appended) {
                            var _ = isKept(batch.session()); // the reader does not wait for it
                        }
                    });
        }
        return answer;
    }

    /// Stores the session's run that waits for its user, if it has one.
    ///
    /// @return false when a retry is needed
    private CompletionStage<Boolean> isKept(SessionId session) {
        return parked.keep(session)
                .handle((_, failure) -> {
                    if (failure == null) {
                        return true;
                    }
                    boolean passes =
                            failure instanceof Unavailable
                                    || failure.getCause() instanceof Unavailable;
                    LOG.atLevel(passes ? Level.WARN : Level.ERROR)
                            .addKeyValue("session", session)
                            .addKeyValue("reason", failure.getMessage())
                            .log(
                                    passes
                                            ? "storing a run that waits for its user failed, retrying"
                                            : "storing a run that waits for its user failed");
                    return !passes;
                });
    }

    /// Asks twice: if Redis is lost after the first answer, there is nothing to store, and the caller must keep its
    /// delivery.
    @Override
    public CompletionStage<WorkState> workState(SessionId session, MessageId message) {
        return log.workState(session, message)
                .thenCompose(told ->
                        told instanceof WorkState.AtRest
                                ? isKept(session)
                                        .thenCompose(kept ->
                                                kept ? stillThere(session, message, told) : AT_WORK)
                                : CompletableFuture.completedStage(told));
    }

    private CompletionStage<WorkState> stillThere(
            SessionId session, MessageId message, WorkState told) {
        return log.workState(session, message)
                .thenApply(again -> again.equals(told) ? told : new WorkState.AtWork());
    }

    @Override
    public CompletionStage<Claim> claim(
            SessionId session, Optional<MessageId> delivered, WorkerId worker, Token token) {
        return log.claim(session, delivered, worker, token)
                .thenCompose(told ->
                        told instanceof Claim.Claimed claimed && !claimed.answers().isEmpty()
                                ? goesOn(session, claimed)
                                : CompletableFuture.completedStage(told));
    }

    /// A run whose row cannot be removed now is released: the delivery comes again.
    private CompletionStage<Claim> goesOn(SessionId session, Claim.Claimed claimed) {
        MessageId message = claimed.request().messageId();
        CompletionStage<Claim> removed = parked.remove(session, message).thenApply(_ -> claimed);
        return removed.exceptionallyCompose(failure -> {
            LOG.atWarn()
                    .addKeyValue("session", session)
                    .addKeyValue("message", message)
                    .addKeyValue("reason", failure.getMessage())
                    .log("continuing a run that its user has answered failed, retrying");
            return log.release(session, message, claimed.token()).thenApply(_ -> new Claim.Busy());
        });
    }

    @Override
    public CompletionStage<Optional<WorkflowRequest>> request(
            SessionId session, MessageId message) {
        return log.request(session, message)
                .thenCompose(found ->
                        found.isPresent()
                                ? CompletableFuture.completedStage(found)
                                : parked.find(session, message)
                                        .thenApply(run -> run.map(each -> each.request())));
    }

    @Override
    public CompletionStage<Resume> resume(UserId user, Chunk resumed, UserAnswer answer) {
        return log.resume(user, resumed, answer)
                .thenCompose(told ->
                        told instanceof Resume.Unknown
                                ? parked.bringBack(
                                                resumed.sessionId(),
                                                resumed.messageId(),
                                                Optional.of(user))
                                        .thenCompose(isBack ->
                                                isBack
                                                        ? log.resume(user, resumed, answer)
                                                        : CompletableFuture.completedStage(told))
                                : CompletableFuture.completedStage(told));
    }

    /// The row of a run that has ended is removed when its turn is stored.
    @Override
    public CompletionStage<Finish> finish(Optional<UserId> user, Chunk last) {
        return log.finish(user, last)
                .thenCompose(told ->
                        told instanceof Finish.Unknown
                                ? parked.bringBack(last.sessionId(), last.messageId(), user)
                                        .thenCompose(isBack ->
                                                isBack
                                                        ? log.finish(user, last)
                                                        : CompletableFuture.completedStage(told))
                                : CompletableFuture.completedStage(told));
    }

    // The other operations go to Redis unchanged.

    @Override
    public CompletionStage<Boolean> atRest(SessionId session, MessageId message) {
        return log.atRest(session, message);
    }

    @Override
    public CompletionStage<Accept> accept(WorkflowRequest request) {
        return log.accept(request);
    }

    @Override
    public CompletionStage<Refuse> refuse(SessionId session, MessageId message, Batch.End end) {
        return log.refuse(session, message, end);
    }

    @Override
    public CompletionStage<Boolean> checkpoint(
            SessionId session, MessageId message, Token token, int chunks, String checkpoint) {
        return log.checkpoint(session, message, token, chunks, checkpoint);
    }

    @Override
    public CompletionStage<Boolean> release(SessionId session, MessageId message, Token token) {
        return log.release(session, message, token);
    }

    @Override
    public CompletionStage<Slice> read(SessionId session, EntryId after, int most) {
        return log.read(session, after, most);
    }

    @Override
    public CompletionStage<Optional<EntryId>> tail(SessionId session) {
        return log.tail(session);
    }
}
