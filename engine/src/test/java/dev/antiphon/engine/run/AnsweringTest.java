package dev.antiphon.engine.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.api.model.Capabilities.Continuation;
import dev.antiphon.backplane.SessionPods;
import dev.antiphon.backplane.doorbell.Notices;
import dev.antiphon.backplane.log.Append;
import dev.antiphon.backplane.log.Batch;
import dev.antiphon.backplane.log.Claim;
import dev.antiphon.backplane.log.SessionLog;
import dev.antiphon.backplane.log.Token;
import dev.antiphon.protocol.AnswerText;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.RequestContext;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkflowRequest;
import dev.antiphon.time.Time;

import org.junit.jupiter.api.Test;

import java.lang.reflect.Proxy;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

/// How a second attempt continues the answer of a first one.
final class AnsweringTest {

    private static final Completion STOP = new Completion("m", 1, Completion.FinishReason.STOP);
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

    /// The run's chunks, of both attempts.
    private final List<ChunkBody> logged = new ArrayList<>();

    /// Where the batches recorded that services keep an answer.
    private final List<String> handles = new ArrayList<>();

    /// A log that accepts everything at once, and can do nothing else.
    private final SessionLog log =
            (SessionLog)
                    Proxy.newProxyInstance(
                            AnsweringTest.class.getClassLoader(),
                            new Class<?>[] {SessionLog.class},
                            (_, method, arguments) -> {
                                if (!method.getName().equals("append")) {
                                    throw new AssertionError("an answer is only appended");
                                }
                                return append((Batch) arguments[0]);
                            });

    private CompletableFuture<Append> append(Batch batch) {
        handles.addAll(batch.handles());
        batch.additions().stream()
                .filter(addition -> addition.event() == EventName.CHUNK)
                .map(addition -> Chunk.decode(addition.data()).body())
                .forEach(logged::add);
        EntryId id = new EntryId(1, 1, 1);
        return CompletableFuture.completedFuture(
                new Append.Appended(
                        batch.additions().stream()
                                .map(each -> new Entry(id, each.event(), each.data()))
                                .toList(),
                        SessionPods.NONE));
    }

    private static final Notices SILENT =
            new Notices() {
                @Override
                public void erased(Set<PodId> pods, SessionId session) {}

                @Override
                public void cancelled(SessionId session, MessageId message) {}

                @Override
                public void changed(UserId user, SessionId session) {}
            };

    /// The next attempt at the log's answer.
    private Answering answering(Progress progress) {
        List<byte[]> chunks =
                IntStream.range(0, logged.size())
                        .mapToObj(id ->
                                new Chunk(
                                                REQUEST.sessionId(),
                                                REQUEST.messageId(),
                                                id,
                                                logged.get(id),
                                                null,
                                                Instant.EPOCH,
                                                "c1")
                                        .encode())
                        .toList();
        Claim.Claimed claimed =
                new Claim.Claimed(
                        REQUEST, Token.mint(), 1, chunks.size(), chunks, "", List.of(), "1");
        AnswerWriter writer = new AnswerWriter(log, SILENT, Time.system(), claimed, new Counters());
        return new Answering(writer, progress, Streamed.of(chunks, progress.chunk(), false));
    }

    private void said(String... pieces) {
        for (String piece : pieces) {
            logged.add(new ChunkBody.Content(piece));
        }
    }

    private String text() {
        AnswerText text = new AnswerText();
        logged.forEach(text::add);
        return text.toString();
    }

    private List<ChunkBody.Reset> resets() {
        return logged.stream()
                .filter(ChunkBody.Reset.class::isInstance)
                .map(ChunkBody.Reset.class::cast)
                .toList();
    }

    @Test
    void repeatedTextSurvivesARestartOfTheModelCall() throws Exception {
        said("Finished. ", "Model: ", "half an");
        Answering answering = answering(new Progress(1, "", null));

        answering.say("one", "Model: ");
        answering.begin("one", Continuation.RESTART, true, false).content("another answer");
        answering.finish();

        assertThat(text()).isEqualTo("Finished. Model: another answer");
        assertThat(resets()).containsExactly(new ChunkBody.Reset(1));
    }

    @Test
    void theLastPieceOfAFinishedCallSurvivesARestartOfTheNext() throws Exception {
        said("one ", "call. ", "half an");
        Answering answering = answering(new Progress(1, "call. ", STOP));

        answering.begin("one", Continuation.RESTART, true, false).content("another answer");
        answering.finish();

        assertThat(text()).isEqualTo("one call. another answer");
    }

    @Test
    void aCallThatTheFirstAttemptHadNotBegunWithdrawsNothing() throws Exception {
        said("Model: ");
        logged.add(new ChunkBody.ToolResult("call_1", "clock", "noon"));
        Answering answering = answering(Progress.NONE);

        answering.say("one", "Model: ");
        answering.begin("one", Continuation.RESTART, true, false).content("noon");
        answering.finish();

        assertThat(text()).isEqualTo("Model: noon");
        assertThat(resets()).isEmpty();
    }

    @Test
    void textThatIsNotRepeatedIsWithdrawnInTheEnd() throws Exception {
        said("Finished. ", "too much");
        Answering answering = answering(new Progress(1, "", null));

        answering.finished();
        answering.finish();

        assertThat(text()).isEqualTo("Finished. ");
        assertThat(resets()).hasSize(1);
    }

    @Test
    void parallelCallsKeepTheirLastPieces() throws Exception {
        Answering answering = answering(Progress.NONE);
        var left = answering.begin("one", Continuation.RESTART, false, false);
        var right = answering.begin("one", Continuation.RESTART, false, false);

        left.content("l");
        right.content("r");
        left.end("L", STOP);
        right.end("R", STOP);
        answering.finished();
        answering.finish();

        assertThat(text()).isEqualTo("lrLR");
    }

    @Test
    void aCallThatStartsAgainWithdrawsOnlyItsOwnText() throws Exception {
        Answering answering = answering(Progress.NONE);
        answering.say("one", "Model: ");
        var left = answering.begin("one", Continuation.REATTACH, false, false);
        var right = answering.begin("one", Continuation.REATTACH, false, false);

        left.content("lost");
        right.content("right ");
        left.content("lost too");
        left.reset();
        left.content("left");
        answering.finish();

        assertThat(text()).isEqualTo("Model: right left");
        assertThat(resets()).hasSize(1);
    }

    @Test
    void aCallThatContinuesAtItsServiceCanStartAgainThere() throws Exception {
        said("Model: ");
        logged.add(new ChunkBody.Status(Streamed.KEPT, Json.object().put("handle", "h1")));
        said("half an");
        Answering answering = answering(Progress.NONE);

        answering.say("one", "Model: ");
        var call = answering.begin("one", Continuation.REATTACH, true, false);
        assertThat(call.continued().text()).isEqualTo("half an");
        call.reset(); // the service has forgotten it
        call.content("another answer");
        answering.finish();

        assertThat(text()).isEqualTo("Model: another answer");
    }

    @Test
    void everyCallRecordsItsHandleAndOnlyARecognizedOneIsContinued() throws Exception {
        Answering answering = answering(Progress.NONE);
        answering.begin("one", Continuation.REATTACH, true, false).kept("h1");
        answering.begin("left", Continuation.REATTACH, false, false).kept("h2");
        answering.begin("right", Continuation.REATTACH, false, false).kept("h3");
        answering.finish();

        assertThat(handles).containsExactly("h1", "h2", "h3");
        assertThat(logged.stream().limit(3))
                .extracting(body -> ((ChunkBody.Status) body).details().toString())
                .containsExactly(
                        "{\"handle\":\"h1\"}",
                        "{\"handle\":\"h2\",\"again\":false}",
                        "{\"handle\":\"h3\",\"again\":false}");
    }

    @Test
    void theTextOfAStepIsSeparatedFromThatOfOtherSteps() throws Exception {
        Answering answering = answering(new Progress(0, "before ", STOP));
        var left = answering.begin("left", Continuation.RESTART, false, false);
        var right = answering.begin("right", Continuation.RESTART, false, false);

        left.content("l ");
        right.content("r ");
        answering.say("left", "own ");
        left.end("L ", STOP);

        assertThat(answering.said("left")).isEqualTo("l own L ");
        // An attempt that repeats the two steps begins after the text that was held back
        // before them.
        assertThat(answering.unfinished().lastPiece()).isEqualTo("before ");
        assertThat(answering.unfinished().chunk()).isZero();
        assertThat(text()).isEqualTo("before l r own L ");
    }
}
