package dev.antiphon.backplane.log;

import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkerId;
import dev.antiphon.protocol.WorkflowRequest;

import java.util.Optional;
import java.util.concurrent.CompletionStage;

/// The logs of all sessions and their run records: the truth about questions and answers.
///
/// Every call is atomic and can be repeated with the same arguments: a repetition changes nothing and gets the answer
/// of the first call. No call blocks. Stages complete on a thread of the client, which must not be blocked. They fail
/// with {@link dev.antiphon.backplane.Unavailable} when Redis does not answer in time. The call might then have taken
/// effect or not: repeat it.
///
/// An interface because the simulation drives the gateway and the worker over a model of it.
public interface SessionLog extends LogReader {

    /// Accepts a message: creates its run, gives it a place behind the session's unfinished messages and appends its
    /// `message` entry.
    CompletionStage<Accept> accept(WorkflowRequest request);

    /// Ends a message that must not be run, without a run: appends its only chunk and its `message_complete`. A message
    /// with the same id that has a run keeps its own end.
    CompletionStage<Refuse> refuse(SessionId session, MessageId message, Batch.End end);

    /// Claims the oldest unfinished message of the session.
    ///
    /// @param delivered the message of the delivery that caused the call, or empty when the worker looks for the
    ///     session's next message; needed only to answer {@link Claim.Unknown}
    /// @param token newly drawn for each claim; only the holder of the newest one can append
    CompletionStage<Claim> claim(
            SessionId session, Optional<MessageId> delivered, WorkerId worker, Token token);

    /// Appends entries to the claimed run, all or none.
    CompletionStage<Append> append(Batch batch);

    /// Stores the finished steps of the claimed run; this replaces the stored value. The next claim gets it.
    ///
    /// @param chunks how many chunks of the run must be in the log: those of the finished steps
    /// @param checkpoint at most 1 MiB
    /// @return false when another attempt owns the run, it has ended, or Redis has lost some of those chunks
    CompletionStage<Boolean> checkpoint(
            SessionId session, MessageId message, Token token, int chunks, String checkpoint);

    /// Lets a parked run continue: its next claim gets the answer.
    ///
    /// @param user the required owner of the session
    /// @param resumed the status chunk about it; the log sets its chunk id
    CompletionStage<Resume> resume(UserId user, Chunk resumed, UserAnswer answer);

    /// Ends a message from outside its run, in any state of the run: its final chunk follows the last chunk of its
    /// last attempt.
    ///
    /// @param user the required owner of the session; empty when the system itself ends the message
    /// @param last the final chunk; the log sets its chunk id
    CompletionStage<Finish> finish(Optional<UserId> user, Chunk last);

    /// Whether Redis knows the message and it needs no worker: it has ended, or waits for its user.
    CompletionStage<Boolean> atRest(SessionId session, MessageId message);

    /// Whether a message still needs a worker. More precise than {@link #atRest}, for a worker that holds a delivery of
    /// the message.
    CompletionStage<WorkState> workState(SessionId session, MessageId message);

    /// The request of a message; empty when there is none, or it has expired.
    CompletionStage<Optional<WorkflowRequest>> request(SessionId session, MessageId message);

    /// Releases a claimed run, because its worker stops: the next claim gets it at once, and the attempt does not
    /// count. The claim's token is invalid afterwards.
    ///
    /// @return whether the claim was still the caller's
    CompletionStage<Boolean> release(SessionId session, MessageId message, Token token);
}
