package dev.antiphon.simulation;

import dev.antiphon.backplane.history.History;
import dev.antiphon.backplane.history.Recent;
import dev.antiphon.backplane.history.Said;
import dev.antiphon.backplane.history.Settlement;
import dev.antiphon.backplane.history.Unsettled;
import dev.antiphon.backplane.log.Accept;
import dev.antiphon.backplane.log.Append;
import dev.antiphon.backplane.log.Batch;
import dev.antiphon.backplane.log.Claim;
import dev.antiphon.backplane.log.Cleanups;
import dev.antiphon.backplane.log.Committed;
import dev.antiphon.backplane.log.Finish;
import dev.antiphon.backplane.log.ParkedRun;
import dev.antiphon.backplane.log.Recovery;
import dev.antiphon.backplane.log.Refuse;
import dev.antiphon.backplane.log.Resume;
import dev.antiphon.backplane.log.SessionLog;
import dev.antiphon.backplane.log.Slice;
import dev.antiphon.backplane.log.Token;
import dev.antiphon.backplane.log.UserAnswer;
import dev.antiphon.backplane.log.WorkState;
import dev.antiphon.backplane.registry.Lease;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkerId;
import dev.antiphon.protocol.WorkflowRequest;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;
import java.util.function.Supplier;

/// All calls of one process to the modelled Redis, over its link.
final class SimLog implements SessionLog, Recovery, History, Cleanups {

    private final Link link;
    private final ModelRedis redis;
    private final Chronicle chronicle;
    private final ModelRows rows;

    /// @param rows a turn that is in the history waits for no user
    SimLog(Link link, ModelRedis redis, Chronicle chronicle, ModelRows rows) {
        this.link = link;
        this.redis = redis;
        this.chronicle = chronicle;
        this.rows = rows;
    }

    private CompletionStage<Void> told(Runnable command) {
        return link.call(
                        () -> {
                            command.run();
                            return true;
                        })
                .thenAccept(_ -> {});
    }

    private <T> CompletionStage<T> asked(Supplier<T> command) {
        return link.call(command);
    }

    /// A call that can append entries: when its answer arrives, its caller must ring them.
    private <T> CompletionStage<T> committing(SessionId session, Supplier<T> command) {
        return asked(command)
                .thenApply(answer -> {
                    if (answer instanceof Committed committed) {
                        chronicle.committed(link.host(), session, committed);
                    }
                    return answer;
                });
    }

    @Override
    public CompletionStage<Accept> accept(WorkflowRequest request) {
        return committing(
                request.sessionId(),
                () -> {
                    enter(request.sessionId());
                    return redis.accept(request);
                });
    }

    @Override
    public CompletionStage<Refuse> refuse(SessionId session, MessageId message, Batch.End end) {
        return committing(session, () -> redis.refuse(session, message, end));
    }

    @Override
    public CompletionStage<Claim> claim(
            SessionId session, Optional<MessageId> delivered, WorkerId worker, Token token) {
        return asked(() -> {
            boolean held = redis.isHeld(session, token);
            Claim claim = redis.claim(session, delivered, worker, token);
            if (claim instanceof Claim.Claimed claimed) {
                chronicle.claimed(session, claimed, held);
            } else if (claim instanceof Claim.Poison) {
                chronicle.count(Chronicle.Count.POISON);
            }
            return claim;
        });
    }

    @Override
    public CompletionStage<Append> append(Batch batch) {
        return committing(
                batch.session(),
                () -> {
                    ModelSession session = redis.session(batch.session());
                    Token current = session == null ? null : session.token;
                    int before = session == null ? 0 : session.entries.size();
                    Append answer = redis.append(batch);
                    boolean wrote = session != null && session.entries.size() > before;
                    chronicle.appended(batch, current, wrote, answer);
                    return answer;
                });
    }

    @Override
    public CompletionStage<Boolean> checkpoint(
            SessionId session, MessageId message, Token token, int chunks, String checkpoint) {
        return asked(() -> redis.checkpoint(session, message, token, chunks, checkpoint));
    }

    @Override
    public CompletionStage<Resume> resume(UserId user, Chunk resumed, UserAnswer answer) {
        return committing(resumed.sessionId(), () -> redis.resume(user, resumed, answer));
    }

    CompletionStage<Optional<ParkedRun>> parked(SessionId session) {
        return asked(() -> redis.parked(session));
    }

    CompletionStage<Boolean> restore(ParkedRun parked) {
        return asked(() -> isBack(parked));
    }

    private boolean isBack(ParkedRun parked) {
        boolean known = redis.run(parked.session(), parked.message()) != null;
        boolean here = redis.restore(parked);
        if (here && !known) {
            chronicle.restored(parked);
        }
        return here;
    }

    /// PostgreSQL's data of a session that Redis does not know: its waiting runs are restored to Redis before it
    /// is entered.
    void enter(SessionId session) {
        if (redis.ownerOf(redis.session(session)) == null) {
            rows.of(session).forEach(this::isBack);
        }
    }

    @Override
    public CompletionStage<Finish> finish(Optional<UserId> user, Chunk last) {
        return committing(last.sessionId(), () -> redis.finish(user, last));
    }

    @Override
    public CompletionStage<Boolean> atRest(SessionId session, MessageId message) {
        return asked(() -> redis.atRest(session, message));
    }

    @Override
    public CompletionStage<WorkState> workState(SessionId session, MessageId message) {
        return asked(() -> redis.workState(session, message));
    }

    @Override
    public CompletionStage<Optional<WorkflowRequest>> request(
            SessionId session, MessageId message) {
        return asked(() -> redis.request(session, message));
    }

    @Override
    public CompletionStage<Boolean> release(SessionId session, MessageId message, Token token) {
        return asked(() -> redis.release(session, message, token));
    }

    @Override
    public CompletionStage<Slice> read(SessionId session, EntryId after, int most) {
        return asked(() -> redis.read(session, after, most));
    }

    @Override
    public CompletionStage<Optional<EntryId>> tail(SessionId session) {
        return asked(() -> redis.tail(session));
    }

    @Override
    public CompletionStage<Set<WorkerId>> workers() {
        return asked(redis::workers);
    }

    @Override
    public CompletionStage<List<Orphan>> orphans(WorkerId worker) {
        return asked(() -> redis.orphans(worker));
    }

    @Override
    public CompletionStage<List<Stray>> strays(WorkerId worker, Predicate<SessionId> isAt) {
        return asked(() -> redis.strays(worker, isAt));
    }

    @Override
    public CompletionStage<Optional<Overdue>> sweep() {
        return asked(redis::sweep);
    }

    @Override
    public CompletionStage<Taken> take() {
        return asked(redis::takeCleanup);
    }

    @Override
    public CompletionStage<Void> done(Cleanup cleanup) {
        return told(() -> {
            redis.cleaned(cleanup);
            chronicle.count(Chronicle.Count.CLEANED);
        });
    }

    @Override
    public CompletionStage<Void> settle(SessionId session) {
        return Settlement.read(after -> asked(() -> redis.page(session, after)))
                .thenCompose(found ->
                        found.isEmpty()
                                ? CompletableFuture.completedStage(null)
                                : asked(() -> settled(session, found.get()))
                                        .thenCompose(moved ->
                                                moved && found.get().more()
                                                        ? settle(session)
                                                        : CompletableFuture.completedStage(null)));
    }

    private boolean settled(SessionId session, Unsettled ended) {
        ModelSession before = redis.session(session);
        int trimmed = before == null ? 0 : before.trimmed;
        boolean moved = redis.settled(session, ended);
        if (moved) {
            ended.turns()
                    .forEach(turn -> rows.remove(new Place(session, turn.request().messageId())));
        }
        if (before != null && before.trimmed > trimmed) {
            chronicle.count(Chronicle.Count.TRIM);
        }
        return moved;
    }

    @Override
    public CompletionStage<List<SessionId>> unsettledSessions(int most) {
        return asked(() -> redis.unsettledSessions(most));
    }

    @Override
    public CompletionStage<List<Said>> before(
            SessionId session, MessageId message, int mostCharacters) {
        return asked(() -> redis.before(session, message, mostCharacters));
    }

    @Override
    public CompletionStage<Optional<Recent>> newest(SessionId session, UserId user) {
        return asked(() -> {
            enter(session);
            return redis.newest(session, user);
        });
    }

    Lease lease(WorkerId worker) {
        return new Lease() {
            @Override
            public CompletionStage<Void> renew() {
                return told(() -> redis.renew(worker));
            }

            @Override
            public CompletionStage<Void> end() {
                return told(() -> redis.endLease(worker));
            }
        };
    }
}
