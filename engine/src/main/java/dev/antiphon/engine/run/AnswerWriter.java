package dev.antiphon.engine.run;

import dev.antiphon.backplane.Unavailable;
import dev.antiphon.backplane.doorbell.Notices;
import dev.antiphon.backplane.log.Append;
import dev.antiphon.backplane.log.Batch;
import dev.antiphon.backplane.log.Claim;
import dev.antiphon.backplane.log.SessionLog;
import dev.antiphon.engine.run.Counters.Count;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.Json;
import dev.antiphon.time.Time;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import tools.jackson.databind.node.ObjectNode;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Writes one run's chunks to the session log, which rings the pods. At most one append is in progress; all text written
/// during it goes into the next. So a slow Redis leads to larger appends, not to more of them.
///
/// The run's thread writes, and the client's thread starts the next append when one is answered. An append without an
/// answer is repeated unchanged: the log distinguishes a repetition from a second append.
final class AnswerWriter {

    private static final Logger LOG = LoggerFactory.getLogger(AnswerWriter.class);

    /// Text that waits to be appended; beyond this, the run stops reading from the model.
    static final int MAX_WAITING_BYTES = 1 << 20;

    /// How long the log can accept nothing until the run fails; the model waits meanwhile.
    static final Duration MAX_STALL = Duration.ofMinutes(1);

    /// How long pieces are batched before an append; too short to notice. The first piece is sent at once.
    private static final Duration GATHER = Duration.ofMillis(25);

    private static final Duration RETRY_AFTER = Duration.ofMillis(250);

    private final SessionLog log;
    private final Notices notices;
    private final Time time;
    private final Claim.Claimed claimed;
    private volatile boolean cancelled;
    private final Counters counters;
    private final Thread runThread = Thread.currentThread();

    /// Guards all fields below.
    private final ReentrantLock lock = new ReentrantLock();

    private final Condition changed = lock.newCondition();
    private final WaitingChunks waiting;
    private long lastAppendNanos;
    private State state = State.IDLE;

    private enum State {
        /// No append is in progress.
        IDLE,
        /// The next append starts when the batching time has passed.
        GATHERING,
        /// An append is in progress.
        APPENDING,
        /// The final chunk is in the log, or the run is parked.
        ENDED,
        /// The run belongs to another attempt, or was ended from outside.
        LOST
    }

    AnswerWriter(
            SessionLog log, Notices notices, Time time, Claim.Claimed claimed, Counters counters) {
        this.log = log;
        this.notices = notices;
        this.time = time;
        this.claimed = claimed;
        this.counters = counters;
        this.waiting = new WaitingChunks(claimed);
        this.lastAppendNanos = time.nanoTime() - GATHER.toNanos();
    }

    /// Sets whether pieces of text can be joined from now on.
    void joinPieces(boolean joins) {
        lock.lock();
        try {
            waiting.joinPieces(joins);
        } finally {
            lock.unlock();
        }
    }

    void content(String text) throws InterruptedException {
        if (!text.isEmpty()) {
            write(new ChunkBody.Content(text));
        }
    }

    void reasoning(String text) throws InterruptedException {
        if (!text.isEmpty()) {
            write(new ChunkBody.Reasoning(text));
        }
    }

    void toolCall(String id, String name, String arguments) throws InterruptedException {
        write(new ChunkBody.ToolCall(id, name, arguments));
    }

    void toolResult(String id, String name, String result) throws InterruptedException {
        write(new ChunkBody.ToolResult(id, name, result));
    }

    /// Records where a service keeps an answer.
    ///
    /// @param again whether another attempt can continue the answer; otherwise the service only ends it when the
    ///     message ends
    void kept(String handle, boolean again) throws InterruptedException {
        ObjectNode details = Json.object().put(Streamed.HANDLE, handle);
        if (!again) {
            details.put(Streamed.AGAIN, false);
        }
        write(new ChunkBody.Status(Streamed.KEPT, details));
    }

    void retrying(String why, Duration wait) throws InterruptedException {
        counters.add(Count.MODEL_RETRIED);
        ObjectNode details = Json.object();
        details.put("message", why);
        details.put("after_ms", wait.toMillis());
        write(new ChunkBody.Status("retrying", details));
    }

    /// Withdraws the text of a chunk and of all later chunks.
    void reset(int fromChunk) throws InterruptedException {
        counters.add(Count.RESET);
        write(new ChunkBody.Reset(fromChunk));
    }

    /// Waits until all written text is in the log.
    ///
    /// @return the chunk id of the next text
    /// @throws InterruptedException also when the run was lost
    int flush() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (!waiting.isEmpty() || state != State.IDLE) {
                if (state == State.LOST) {
                    throw new InterruptedException("the run was lost");
                }
                if (state == State.GATHERING) {
                    append(); // the step has ended, so batching ends; can be answered at once
                } else {
                    changed.await();
                }
            }
            return waiting.nextChunk();
        } finally {
            lock.unlock();
        }
    }

    /// Asks the user, and leaves the run to the worker that claims it with the answer. Waits until the question is in the
    /// log, or the run is {@link #lost}.
    void park(ObjectNode question) throws InterruptedException {
        ObjectNode details = Json.object();
        details.set(ChunkBody.Status.INTERRUPT, question);
        end(new ChunkBody.Status(ChunkBody.Status.INTERRUPT, details), Batch.Then.PARK, null);
    }

    /// Reports that the text of an earlier attempt remains.
    void continued() {
        counters.add(Count.CONTINUED);
    }

    /// Writes the last chunk. Waits until it is in the log, or the run is {@link #lost}.
    void finish(ChunkBody last, Completion completion) throws InterruptedException {
        end(last, Batch.Then.END, completion);
    }

    private void end(ChunkBody last, Batch.Then then, @Nullable Completion completion)
            throws InterruptedException {
        lock.lockInterruptibly();
        try {
            if (state != State.LOST) {
                waiting.addLast(last, then, completion);
                appendIfIdle();
            }
            while (!isOver()) {
                changed.await();
            }
            if (state == State.ENDED && last instanceof ChunkBody.Failure(ErrorCode code, _)) {
                counters.failed(code);
            }
        } finally {
            lock.unlock();
        }
    }

    /// Stops writing because the process ends. Drops the waiting text; the next attempt writes it.
    void abandon() {
        lock.lock();
        try {
            state = state == State.ENDED ? State.ENDED : State.LOST;
            waiting.clear();
        } finally {
            lock.unlock();
        }
    }

    boolean isCancelled() {
        return cancelled;
    }

    /// Stops the run because its message was ended from outside. Any thread.
    void cancel() {
        cancelled = true; // also for a run that is lost already: its service must end its answer
        lock.lock();
        try {
            if (!isOver()) {
                counters.add(Count.CANCELLED);
                lose("cancelled");
            }
        } finally {
            lock.unlock();
        }
    }

    /// Whether another attempt owns the run, or it was ended from outside.
    boolean lost() {
        lock.lock();
        try {
            return state == State.LOST;
        } finally {
            lock.unlock();
        }
    }

    private void write(ChunkBody body) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long leftNanos = MAX_STALL.toNanos();
            while (waiting.bytes() > MAX_WAITING_BYTES && state != State.LOST) {
                if (leftNanos <= 0) {
                    throw new Unavailable(
                            "the session log accepted nothing for " + MAX_STALL, null);
                }
                leftNanos = time.await(lock, changed, leftNanos);
            }
            if (state == State.LOST) {
                throw new InterruptedException("the run was lost");
            }
            waiting.add(body);
            appendIfIdle();
        } finally {
            lock.unlock();
        }
    }

    private void appendIfIdle() {
        if (state != State.IDLE || waiting.isEmpty()) {
            return;
        }
        long wait = lastAppendNanos + GATHER.toNanos() - time.nanoTime();
        if (waiting.mayGrow() && wait > 0) {
            state = State.GATHERING;
            time.after(wait, this::appendGathered);
        } else {
            append();
        }
    }

    private void appendGathered() {
        lock.lock();
        try {
            if (state == State.GATHERING) {
                append();
            }
        } finally {
            lock.unlock();
        }
    }

    private void append() {
        state = State.APPENDING;
        lastAppendNanos = time.nanoTime();
        send(waiting.nextBatch(time.instant()));
    }

    private void send(Batch batch) {
        var _ =
                log.append(batch)
                        .whenComplete((answer, failure) -> {
                            if (failure == null) {
                                answered(batch, answer);
                            } else {
                                failed(batch, failure);
                            }
                        });
    }

    private void answered(Batch batch, Append answer) {
        switch (answer) {
            case Append.Appended _ -> {
                if (batch.firstChunk() == 0) {
                    Instant asked = claimed.request().timestamp();
                    counters.begun(Duration.between(asked, time.instant()));
                }
                boolean over = batch.then() != Batch.Then.CONTINUE;
                if (over) {
                    notices.changed(claimed.request().userId(), batch.session());
                }
                proceed(over);
            }
            case Append.Fenced _ -> {
                counters.add(Count.FENCED);
                loseTo(batch);
            }
            case Append.OutOfSequence(int expected) -> {
                counters.add(Count.OUT_OF_SEQUENCE);
                lose("out of sequence: " + batch.firstChunk() + " instead of " + expected);
            }
        }
    }

    /// A service that would continue without us must know whether the message was ended from outside or
    /// continues elsewhere.
    private void loseTo(Batch batch) {
        var _ =
                log.atRest(batch.session(), batch.message())
                        .whenComplete((ended, _) -> {
                            if (Boolean.TRUE.equals(ended)) {
                                cancelled = true;
                            }
                            lose("fenced");
                        });
    }

    private void proceed(boolean ended) {
        lock.lock();
        try {
            if (state == State.LOST) {
                return; // abandoned since then
            }
            counters.appended(time.nanoTime() - lastAppendNanos);
            state = ended ? State.ENDED : State.IDLE;
            appendIfIdle();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void failed(Batch batch, Throwable failure) {
        Throwable cause = failure instanceof CompletionException e ? e.getCause() : failure;
        if (lost()) {
            return;
        }
        if (cause instanceof Unavailable) {
            counters.add(Count.APPEND_REPEATED);
            time.after(RETRY_AFTER.toNanos(), () -> send(batch));
        } else {
            LOG.atError()
                    .addKeyValue("session", batch.session())
                    .addKeyValue("message", batch.message())
                    .setCause(cause)
                    .log("append failed, giving up the run");
            lose("broken");
        }
    }

    private void lose(String why) {
        lock.lock();
        try {
            if (isOver()) {
                return;
            }
            state = State.LOST;
            waiting.clear();
            changed.signalAll();
            // Stops the model call, wherever it waits. Holds the lock, so that code which has seen
            // LOST knows that the interrupt was already delivered.
            runThread.interrupt();
        } finally {
            lock.unlock();
        }
        LOG.atInfo()
                .addKeyValue("session", claimed.request().sessionId())
                .addKeyValue("message", claimed.request().messageId())
                .addKeyValue("attempt", claimed.attempt())
                .addKeyValue("why", why)
                .log("lost a run");
    }

    private boolean isOver() {
        return state == State.ENDED || state == State.LOST;
    }
}
