package dev.antiphon.backplane.doorbell;

import dev.antiphon.backplane.log.Accept;
import dev.antiphon.backplane.log.Append;
import dev.antiphon.backplane.log.Batch;
import dev.antiphon.backplane.log.Claim;
import dev.antiphon.backplane.log.Committed;
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

import java.util.Optional;
import java.util.concurrent.CompletionStage;

/// A session log that rings: each entry that an operation has committed is handed to the doorbell before the caller
/// gets the answer. So an entry is in the log before any pod hears of it, and no caller can forget to ring.
///
/// Rings on the thread that completes the stages of the wrapped log. A call that failed might have committed; its
/// repetition gets the same entries, and rings them.
public final class RingingSessionLog implements SessionLog {

    private final SessionLog log;
    private final Doorbell doorbell;

    /// @param log commits; the whole of it, with its store of waiting runs
    public RingingSessionLog(SessionLog log, Doorbell doorbell) {
        this.log = log;
        this.doorbell = doorbell;
    }

    private <T> CompletionStage<T> ringing(SessionId session, CompletionStage<T> answer) {
        return ringing(session, answer, true);
    }

    private <T> CompletionStage<T> ringing(
            SessionId session, CompletionStage<T> answer, boolean atOnce) {
        return answer.thenApply(told -> {
            if (told instanceof Committed committed) {
                ring(session, committed, atOnce);
            }
            return told;
        });
    }

    private void ring(SessionId session, Committed committed, boolean atOnce) {
        if (atOnce) {
            doorbell.ringAtOnce(committed.pods(), session, committed.entries());
        } else {
            doorbell.ring(committed.pods(), session, committed.entries());
        }
    }

    @Override
    public CompletionStage<Accept> accept(WorkflowRequest request) {
        return ringing(request.sessionId(), log.accept(request));
    }

    @Override
    public CompletionStage<Refuse> refuse(SessionId session, MessageId message, Batch.End end) {
        return ringing(session, log.refuse(session, message, end));
    }

    @Override
    public CompletionStage<Append> append(Batch batch) {
        // Only an answer's first chunk is urgent; the others are many.
        return ringing(batch.session(), log.append(batch), batch.firstChunk() == 0);
    }

    @Override
    public CompletionStage<Resume> resume(UserId user, Chunk resumed, UserAnswer answer) {
        return ringing(resumed.sessionId(), log.resume(user, resumed, answer));
    }

    @Override
    public CompletionStage<Finish> finish(Optional<UserId> user, Chunk last) {
        return ringing(last.sessionId(), log.finish(user, last));
    }

    // The other operations append nothing.

    @Override
    public CompletionStage<Claim> claim(
            SessionId session, Optional<MessageId> delivered, WorkerId worker, Token token) {
        return log.claim(session, delivered, worker, token);
    }

    @Override
    public CompletionStage<Boolean> checkpoint(
            SessionId session, MessageId message, Token token, int chunks, String checkpoint) {
        return log.checkpoint(session, message, token, chunks, checkpoint);
    }

    @Override
    public CompletionStage<Boolean> atRest(SessionId session, MessageId message) {
        return log.atRest(session, message);
    }

    @Override
    public CompletionStage<WorkState> workState(SessionId session, MessageId message) {
        return log.workState(session, message);
    }

    @Override
    public CompletionStage<Optional<WorkflowRequest>> request(
            SessionId session, MessageId message) {
        return log.request(session, message);
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
