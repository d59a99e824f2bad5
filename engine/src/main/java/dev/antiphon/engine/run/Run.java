package dev.antiphon.engine.run;

import dev.antiphon.api.model.Capabilities.Feature;
import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.model.ProviderFailure;
import dev.antiphon.api.workflow.NeedsUser;
import dev.antiphon.api.workflow.WorkflowFailure;
import dev.antiphon.backplane.Unavailable;
import dev.antiphon.backplane.doorbell.Notices;
import dev.antiphon.backplane.log.Claim;
import dev.antiphon.backplane.log.SessionLog;
import dev.antiphon.engine.workflow.Checkpoint;
import dev.antiphon.engine.workflow.CompiledWorkflow;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.InvalidInput;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.RequestContext;
import dev.antiphon.time.Time;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import tools.jackson.databind.node.ObjectNode;

import java.nio.charset.StandardCharsets;
import java.util.Optional;

/// One attempt to answer one message: from the claim to the final chunk, or to a question to its user. Belongs to the
/// thread that creates it; other threads can only cancel it.
///
/// Public for the workflow tester, which runs it on a log in memory.
public final class Run {

    private static final Logger LOG = LoggerFactory.getLogger(Run.class);

    private final SessionLog log;
    private final RunParts parts;
    private final Retries retries;
    private final Time time;
    private final Claim.Claimed claimed;
    private final AnswerWriter writer;
    private @Nullable RuntimeException unexpected;

    /// An attempt of the calling thread.
    ///
    /// @param claimed gives the right to append, until another worker claims the message
    public Run(
            SessionLog log,
            Notices notices,
            RunParts parts,
            Time time,
            Claim.Claimed claimed,
            Counters counters) {
        this.log = log;
        this.parts = parts;
        this.retries = new Retries(time, counters);
        this.time = time;
        this.claimed = claimed;
        this.writer = new AnswerWriter(log, notices, time, claimed, counters);
    }

    MessageId message() {
        return claimed.request().messageId();
    }

    /// Stops the attempt because its message was ended from outside: interrupts its thread. Any thread.
    public void cancel() {
        writer.cancel();
    }

    /// Stops writing because the process ends. The next attempt continues.
    void abandon() {
        writer.abandon();
    }

    /// Whether another attempt owns the message, or it was ended from outside. Any thread. If so, the thread of this
    /// attempt has been interrupted already.
    boolean isLost() {
        return writer.lost();
    }

    /// Answers the message. Blocks until the answer is in the log, or another attempt owns the run.
    ///
    /// @throws InterruptedException when the process stops, or the run is lost: the next attempt continues
    public void execute() throws InterruptedException {
        try {
            answer();
        } catch (NeedsUser e) {
            writer.park(e.question());
        } catch (ProviderFailure e) {
            fail(e.code(), Json.encodable(e.getMessage()), e.stopReason().orElse(null));
        } catch (WorkflowFailure e) {
            fail(e.code(), Json.encodable(e.getMessage()), null);
        } catch (Unavailable e) {
            end(ErrorCode.UNAVAILABLE, "The answer could not be stored in time.", null);
        } catch (RuntimeException e) {
            unexpected = e;
            LOG.atError()
                    .addKeyValue("message", claimed.request().messageId())
                    .setCause(e)
                    .log("a run failed unexpectedly");
            end(ErrorCode.INTERNAL, ErrorCode.INTERNAL.title(), null);
        }
    }

    /// The exception of a step, a model or a tool that ended the message as `internal`; empty when there was none. For
    /// the thread of the attempt.
    public Optional<RuntimeException> unexpected() {
        return Optional.ofNullable(unexpected);
    }

    private void answer() throws NeedsUser, ProviderFailure, WorkflowFailure, InterruptedException {
        RequestContext context = claimed.request().context();
        CompiledWorkflow workflow = parts.workflows().choose(context.workflow());
        ModelProvider provider = parts.providers().choose(context.aiProvider());
        String model = parts.providers().modelFor(provider, context.model());
        ObjectNode kept = kept();
        Checkpoint checkpoint = Checkpoint.of(kept);
        if (checkpoint != null && !workflow.knows(checkpoint)) {
            checkpoint = null; // the worker was updated since then: start again
        }
        Progress progress = checkpoint == null ? Progress.NONE : Progress.of(kept);
        Streamed streamed =
                Streamed.of(
                        claimed.streamed(),
                        progress.chunk(),
                        !provider.capabilities().has(Feature.TOOLS));
        Answering answering = new Answering(writer, progress, streamed);
        RunSteps steps =
                new RunSteps(
                        log,
                        parts,
                        retries,
                        time,
                        claimed,
                        provider,
                        model,
                        parts.window().turns(claimed.request()),
                        UserAnswers.of(claimed.answers(), claimed.streamed(), progress.chunk()),
                        answering);
        workflow.run(steps, checkpoint);
        answering.finish();
    }

    private ObjectNode kept() {
        String checkpoint = claimed.checkpoint();
        try {
            return checkpoint.isEmpty()
                    ? Json.object()
                    : Json.readPieces(checkpoint.getBytes(StandardCharsets.UTF_8));
        } catch (InvalidInput e) {
            throw new IllegalStateException("unreadable checkpoint", e);
        }
    }

    private void fail(ErrorCode code, String message, @Nullable String stopReason)
            throws InterruptedException {
        LOG.atWarn()
                .addKeyValue("message", claimed.request().messageId())
                .addKeyValue("code", code.wire())
                .addKeyValue("reason", message)
                .log("a run failed");
        end(code, message, stopReason);
    }

    private void end(ErrorCode code, String message, @Nullable String stopReason)
            throws InterruptedException {
        writer.finish(
                new ChunkBody.Failure(code, message),
                new Completion(
                        parts.providers().modelNamedFor(claimed.request().context()),
                        null,
                        Completion.FinishReason.ERROR,
                        stopReason));
    }
}
