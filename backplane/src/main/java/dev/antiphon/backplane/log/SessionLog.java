package dev.antiphon.backplane.log;

import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkerId;
import dev.antiphon.protocol.WorkflowRequest;

import java.util.Optional;
import java.util.concurrent.CompletionStage;

/// The logs of all sessions and their run records: the truth about what was asked and answered.
///
/// Every call is atomic and may be repeated with the same arguments: a repetition changes nothing and is told what the
/// first was told. No call blocks. Stages complete on a thread of the client, which must not be blocked; they fail with
/// {@link dev.antiphon.backplane.Unavailable} when Redis does not answer in time, and then the call
/// may or may not have taken effect: repeat it.
///
/// An interface because the simulation drives the gateway and the worker over a model of it.
public interface SessionLog extends LogReader {

    /// Accepts a message: creates its run, gives it its turn behind the session's unfinished ones and appends its
    /// `message` entry.
    CompletionStage<Accept> accept(WorkflowRequest request);

    /// Ends a message that may not be run, without a run: appends its only chunk and its `message_complete`.
    /// A message of the same id that has a run keeps its own end.
    CompletionStage<Refuse> refuse(SessionId session, MessageId message, Batch.End end);

    /// Claims the oldest unfinished message of the session.
    ///
    /// @param delivered the message whose delivery gave the reason, or empty when the worker looks for the
    ///     session's next one; told apart only to answer {@link Claim.Unknown}
    /// @param token drawn fresh for each claim; whoever holds the newest may append
    CompletionStage<Claim> claim(
            SessionId session, Optional<MessageId> delivered, WorkerId worker, Token token);

    /// Appends entries to the claimed run, all or none.
    CompletionStage<Append> append(Batch batch);

    /// Keeps what the claimed run has finished, in place of what it kept before. The next claim is handed it.
    ///
    /// @param chunks how many of the run must be in the log: what finished steps have said
    /// @param checkpoint at most 1 MiB
    /// @return false when another attempt owns the run, it has ended, or Redis has lost some of those chunks
    CompletionStage<Boolean> checkpoint(
            SessionId session, MessageId message, Token token, int chunks, String checkpoint);

    /// Lets a parked run go on: its next claim is handed the answer.
    ///
    /// @param user who must own the session
    /// @param resumed the status chunk that says so; its chunk id is set by the log
    CompletionStage<Resume> resume(UserId user, Chunk resumed, UserAnswer answer);

    /// Ends a message from outside its run, whatever state that is in: its final chunk goes where its last attempt stopped.
    ///
    /// @param user who must own the session; empty when we end it ourselves
    /// @param last the final chunk; its chunk id is set by the log
    CompletionStage<Finish> finish(Optional<UserId> user, Chunk last);

    /// Whether a message needs no worker, and Redis still knows it: it has ended, or waits for its user.
    CompletionStage<Boolean> atRest(SessionId session, MessageId message);

    /// Whether a message still needs a worker. Told apart from {@link #atRest} for a worker that holds a delivery of it.
    CompletionStage<Standing> standing(SessionId session, MessageId message);

    /// The request of a message; empty when there is none, or none any more.
    CompletionStage<Optional<WorkflowRequest>> request(SessionId session, MessageId message);

    /// Gives a claimed run back, because its worker stops: whoever claims next gets it at once, and the attempt does not
    /// count. The claim's token is void afterwards.
    ///
    /// @return whether the claim was still the caller's
    CompletionStage<Boolean> release(SessionId session, MessageId message, Token token);
}
