package dev.antiphon.engine.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.antiphon.backplane.SessionPods;
import dev.antiphon.backplane.Unavailable;
import dev.antiphon.backplane.doorbell.Notices;
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
import dev.antiphon.engine.run.Counters.Count;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.RequestContext;
import dev.antiphon.protocol.SessionHint;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkerId;
import dev.antiphon.protocol.WorkflowRequest;
import dev.antiphon.time.Time;

import org.junit.jupiter.api.Test;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/// The writer with a log whose answers the test gives by hand.
final class AnswerWriterTest {

    private static final WorkflowRequest REQUEST =
            new WorkflowRequest(
                    new MessageId("m1"),
                    new SessionId("s1"),
                    new UserId("u1"),
                    "hi",
                    RequestContext.empty(),
                    null,
                    Instant.EPOCH,
                    "c1");
    private static final Completion STOP = new Completion("m", 1, Completion.FinishReason.STOP);

    private final HandLog log = new HandLog();
    private final List<SessionHint> changed = new ArrayList<>();
    private final Notices notices =
            new Notices() {
                @Override
                public void erased(Set<PodId> pods, SessionId session) {
                    throw new AssertionError("a writer erases nothing");
                }

                @Override
                public void cancelled(SessionId session, MessageId message) {
                    throw new AssertionError("a writer cancels nothing");
                }

                @Override
                public void changed(UserId user, SessionId session) {
                    changed.add(new SessionHint(user, session));
                }
            };

    private final Counters counters = new Counters();

    private AnswerWriter writer(int nextChunk) {
        return new AnswerWriter(
                log,
                notices,
                Time.system(),
                new Claim.Claimed(
                        REQUEST, Token.mint(), 1, nextChunk, List.of(), "", List.of(), "1"),
                counters);
    }

    @Test
    void textWrittenDuringAnAppendGoesIntoTheNextOne() throws Exception {
        AnswerWriter writer = writer(0);

        writer.content("a ");
        Pending first = log.next();
        writer.content("b ");
        writer.content("c ");
        first.appended();
        Pending second = log.next();

        assertThat(first.texts()).containsExactly("a ");
        assertThat(first.batch.firstChunk()).isZero();
        assertThat(second.texts()).containsExactly("b ", "c ");
        assertThat(second.batch.firstChunk()).isEqualTo(1);
    }

    @Test
    void piecesOfAModelAreJoinedAndTheFirstIsSentAtOnce() throws Exception {
        AnswerWriter writer = writer(0);
        writer.joinPieces(true);

        writer.content("a");
        Pending first = log.next();
        writer.content("b");
        writer.content("c");
        writer.reasoning("why");
        writer.content("d");
        first.appended();

        assertThat(first.texts()).containsExactly("a");
        assertThat(log.next().texts()).containsExactly("bc", "", "d");
    }

    @Test
    void theFinalChunkCarriesTheCompletionAndItsEventFollows() throws Exception {
        AnswerWriter writer = writer(4);
        CompletableFuture<Boolean> ended = finish(writer);

        Pending last = log.next();
        last.appended();

        assertThat(ended.get(5, TimeUnit.SECONDS)).isTrue();
        assertThat(changed).containsExactly(new SessionHint(REQUEST.userId(), REQUEST.sessionId()));
        assertThat(last.batch.terminal()).isTrue();
        assertThat(last.batch.chunks()).isEqualTo(1);
        assertThat(last.chunks().getFirst().chunkId()).isEqualTo(4);
        assertThat(last.chunks().getFirst().completion()).isEqualTo(STOP);
        assertThat(last.batch.additions().getLast().event()).isEqualTo(EventName.MESSAGE_COMPLETE);
    }

    @Test
    void anAppendThatWasNotAnsweredIsRepeatedAsItWas() throws Exception {
        AnswerWriter writer = writer(0);

        writer.content("a");
        Pending first = log.next();
        writer.content("b");
        first.answer.completeExceptionally(new Unavailable("Redis is unavailable", null));
        Pending again = log.next();

        assertThat(again.batch).isSameAs(first.batch);
    }

    @Test
    void aFencedRunIsInterrupted() throws Exception {
        CompletableFuture<AnswerWriter> made = new CompletableFuture<>();
        CompletableFuture<Boolean> stopped = new CompletableFuture<>();
        Thread.startVirtualThread(() -> {
            AnswerWriter writer = writer(0);
            made.complete(writer);
            try {
                while (true) {
                    writer.content("x");
                    TimeUnit.MILLISECONDS.sleep(1);
                }
            } catch (InterruptedException e) {
                stopped.complete(writer.lost());
            }
        });

        log.next().answer.complete(new Append.Fenced());

        assertThat(stopped.get(5, TimeUnit.SECONDS)).isTrue();
        assertThatThrownBy(() -> made.join().content("y")).isInstanceOf(InterruptedException.class);
    }

    @Test
    void aCancellationIsCountedOnceAndOnlyWhileTheRunContinues() throws Exception {
        AnswerWriter running = writer(0);
        AnswerWriter ended = writer(0);
        CompletableFuture<Boolean> end = finish(ended);
        log.next().appended();
        assertThat(end.get(5, TimeUnit.SECONDS)).isTrue();

        ended.cancel();
        assertThat(counters.of(Count.CANCELLED)).isZero();
        assertThat(ended.lost()).isFalse();
        running.cancel();
        running.cancel();

        assertThat(Thread.interrupted()).isTrue();
        assertThat(counters.of(Count.CANCELLED)).isEqualTo(1);
        assertThat(running.lost()).isTrue();
        assertThat(running.isCancelled()).isTrue();
    }

    @Test
    void aLogThatAcceptsNothingHoldsTheModelBackAtTheLimit() throws Exception {
        CompletableFuture<Integer> taken = new CompletableFuture<>();
        List<Integer> count = new ArrayList<>();
        Thread model =
                Thread.startVirtualThread(() -> {
                    AnswerWriter writer = writer(0);
                    try {
                        while (true) {
                            writer.content("x".repeat(1024));
                            count.add(1);
                        }
                    } catch (InterruptedException e) {
                        taken.complete(count.size());
                    }
                });

        await().until(() -> model.getState() == Thread.State.TIMED_WAITING);
        model.interrupt();

        assertThat(taken.get(5, TimeUnit.SECONDS) * 1024)
                .isBetween(
                        AnswerWriter.MAX_WAITING_BYTES, AnswerWriter.MAX_WAITING_BYTES + 4 * 1024);
    }

    private static CompletableFuture<Boolean> finish(AnswerWriter writer) {
        CompletableFuture<Boolean> ended = new CompletableFuture<>();
        Thread.startVirtualThread(() -> {
            try {
                writer.finish(new ChunkBody.Content("end"), STOP);
                ended.complete(!writer.lost());
            } catch (InterruptedException e) {
                ended.completeExceptionally(e);
            }
        });
        return ended;
    }

    private record Pending(Batch batch, CompletableFuture<Append> answer) {

        List<Chunk> chunks() {
            return batch.additions().stream()
                    .filter(addition -> addition.event() == EventName.CHUNK)
                    .map(addition -> Chunk.decode(addition.data()))
                    .toList();
        }

        List<String> texts() {
            return chunks().stream()
                    .map(chunk ->
                            chunk.body() instanceof ChunkBody.Content(String text) ? text : "")
                    .collect(Collectors.toList());
        }

        void appended() {
            EntryId id = new EntryId(1, 1, 1);
            answer.complete(
                    new Append.Appended(
                            batch.additions().stream()
                                    .map(each -> new Entry(id, each.event(), each.data()))
                                    .toList(),
                            SessionPods.NONE));
        }
    }

    private static final class HandLog implements SessionLog {

        private final BlockingQueue<Pending> appends = new LinkedBlockingQueue<>();

        Pending next() throws InterruptedException {
            Pending pending = appends.poll(5, TimeUnit.SECONDS);
            if (pending == null) {
                throw new AssertionError("nothing was appended");
            }
            return pending;
        }

        @Override
        public CompletionStage<Append> append(Batch batch) {
            CompletableFuture<Append> answer = new CompletableFuture<>();
            appends.add(new Pending(batch, answer));
            return answer;
        }

        @Override
        public CompletionStage<Accept> accept(WorkflowRequest request) {
            throw new AssertionError("a writer only appends");
        }

        @Override
        public CompletionStage<Refuse> refuse(SessionId session, MessageId message, Batch.End end) {
            throw new AssertionError("a writer only appends");
        }

        @Override
        public CompletionStage<Claim> claim(
                SessionId session, Optional<MessageId> delivered, WorkerId worker, Token token) {
            throw new AssertionError("a writer only appends");
        }

        @Override
        public CompletionStage<Finish> finish(Optional<UserId> user, Chunk last) {
            throw new AssertionError("a writer only appends");
        }

        @Override
        public CompletionStage<Boolean> checkpoint(
                SessionId session, MessageId message, Token token, int chunks, String checkpoint) {
            throw new AssertionError("a writer only appends");
        }

        @Override
        public CompletionStage<Resume> resume(UserId user, Chunk resumed, UserAnswer answer) {
            throw new AssertionError("a writer only appends");
        }

        @Override
        public CompletionStage<Boolean> atRest(SessionId session, MessageId message) {
            return CompletableFuture.completedFuture(false);
        }

        @Override
        public CompletionStage<WorkState> workState(SessionId session, MessageId message) {
            throw new AssertionError("a writer only appends");
        }

        @Override
        public CompletionStage<Optional<WorkflowRequest>> request(
                SessionId session, MessageId message) {
            throw new AssertionError("a writer only appends");
        }

        @Override
        public CompletionStage<Boolean> release(SessionId session, MessageId message, Token token) {
            throw new AssertionError("a writer only appends");
        }

        @Override
        public CompletionStage<Slice> read(SessionId session, EntryId after, int most) {
            throw new AssertionError("a writer only appends");
        }

        @Override
        public CompletionStage<Optional<EntryId>> tail(SessionId session) {
            throw new AssertionError("a writer only appends");
        }
    }
}
