package dev.antiphon.tester;

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
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkerId;
import dev.antiphon.protocol.WorkflowRequest;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/// The log and the run record of one message, in memory. It does what a run needs, and answers at once; every other
/// call of a session log fails. Thread-safe.
final class MemoryLog implements SessionLog {

    /// As in Redis.
    private static final int MAX_CHECKPOINT_BYTES = 1 << 20;

    private final WorkflowRequest request;

    // Guarded by `this`.

    private final List<byte[]> chunks = new ArrayList<>();

    /// The user's answers since the checkpoint.
    private final List<String> answers = new ArrayList<>();

    private String checkpoint = "";
    private int attempts;

    /// Null when no attempt has the run.
    private @Nullable Token token;

    private State state = State.OPEN;

    private enum State {
        OPEN,
        PARKED,
        ENDED
    }

    MemoryLog(WorkflowRequest request) {
        this.request = request;
    }

    synchronized Claim.Claimed claim() {
        Token claimed = Token.mint();
        token = claimed;
        attempts++;
        return new Claim.Claimed(
                request, claimed, attempts, chunks.size(), chunks, checkpoint, answers, "1");
    }

    /// Takes the run from the attempt that has it, as if its worker had died.
    synchronized void fence() {
        token = null;
    }

    synchronized boolean isHeldWith(Token other) {
        return other.equals(token);
    }

    /// Whether the next attempt has something to do.
    synchronized boolean isOpen() {
        return state == State.OPEN;
    }

    synchronized boolean isParked() {
        return state == State.PARKED;
    }

    synchronized int attempts() {
        return attempts;
    }

    synchronized List<Chunk> chunks() {
        return chunks.stream().map(Chunk::decode).toList();
    }

    /// Gives the user's answer to a parked run.
    synchronized void resume(String answer) {
        if (state != State.PARKED) {
            throw new IllegalStateException("the run does not wait for its user");
        }
        add(
                new ChunkBody.Status(ChunkBody.Status.RESUMED, Json.object().put("answer", answer)),
                null);
        answers.add(answer);
        state = State.OPEN;
    }

    /// Ends the message, as the gateway does when its user cancels it.
    synchronized void cancel() {
        if (state == State.ENDED) {
            return;
        }
        add(new ChunkBody.Content(""), new Completion("", null, Completion.FinishReason.CANCELLED));
        rest(State.ENDED);
    }

    private void rest(State reached) {
        state = reached;
        token = null;
    }

    private void add(ChunkBody body, @Nullable Completion completion) {
        chunks.add(
                new Chunk(
                                request.sessionId(),
                                request.messageId(),
                                chunks.size(),
                                body,
                                completion,
                                Instant.EPOCH,
                                request.correlationId())
                        .encode());
    }

    @Override
    public synchronized CompletionStage<Append> append(Batch batch) {
        if (!isHeldWith(batch.token())) {
            return answer(new Append.Fenced());
        }
        if (batch.firstChunk() != chunks.size()) {
            return answer(new Append.OutOfSequence(chunks.size()));
        }
        batch.additions().stream()
                .filter(addition -> addition.event() == EventName.CHUNK)
                .map(Batch.Addition::data)
                .forEach(chunks::add);
        switch (batch.then()) {
            case CONTINUE -> {}
            case END -> rest(State.ENDED);
            case PARK -> rest(State.PARKED);
        }
        return answer(new Append.Appended(List.of()));
    }

    @Override
    public synchronized CompletionStage<Boolean> checkpoint(
            SessionId session, MessageId message, Token holder, int finished, String stored) {
        int bytes = stored.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > MAX_CHECKPOINT_BYTES) {
            throw new IllegalArgumentException(
                    "a checkpoint of " + bytes + " bytes is over " + MAX_CHECKPOINT_BYTES);
        }
        if (!isHeldWith(holder) || finished > chunks.size()) {
            return answer(false);
        }
        checkpoint = stored;
        answers.clear();
        return answer(true);
    }

    @Override
    public synchronized CompletionStage<Boolean> atRest(SessionId session, MessageId message) {
        return answer(state != State.OPEN);
    }

    private static <T> CompletionStage<T> answer(T answer) {
        return CompletableFuture.completedFuture(answer);
    }

    private static UnsupportedOperationException notOfARun() {
        return new UnsupportedOperationException("a run does not make this call");
    }

    @Override
    public CompletionStage<Accept> accept(WorkflowRequest accepted) {
        throw notOfARun();
    }

    @Override
    public CompletionStage<Refuse> refuse(SessionId session, MessageId message, Batch.End end) {
        throw notOfARun();
    }

    @Override
    public CompletionStage<Claim> claim(
            SessionId session, Optional<MessageId> delivered, WorkerId worker, Token minted) {
        throw notOfARun();
    }

    @Override
    public CompletionStage<Resume> resume(UserId user, Chunk resumed, UserAnswer answer) {
        throw notOfARun();
    }

    @Override
    public CompletionStage<Finish> finish(Optional<UserId> user, Chunk last) {
        throw notOfARun();
    }

    @Override
    public CompletionStage<WorkState> workState(SessionId session, MessageId message) {
        throw notOfARun();
    }

    @Override
    public CompletionStage<Optional<WorkflowRequest>> request(
            SessionId session, MessageId message) {
        throw notOfARun();
    }

    @Override
    public CompletionStage<Boolean> release(SessionId session, MessageId message, Token holder) {
        throw notOfARun();
    }

    @Override
    public CompletionStage<Slice> read(SessionId session, EntryId after, int most) {
        throw notOfARun();
    }

    @Override
    public CompletionStage<Optional<EntryId>> tail(SessionId session) {
        throw notOfARun();
    }
}
