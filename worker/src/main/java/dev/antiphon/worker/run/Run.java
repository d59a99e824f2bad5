package dev.antiphon.worker.run;

import dev.antiphon.backplane.Unavailable;
import dev.antiphon.backplane.log.Claim;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.RequestContext;
import dev.antiphon.worker.provider.ModelAnswer;
import dev.antiphon.worker.provider.ModelCall;
import dev.antiphon.worker.provider.ModelCall.Asker;
import dev.antiphon.worker.provider.ModelCall.Kept;
import dev.antiphon.worker.provider.ModelProvider;
import dev.antiphon.worker.provider.ProviderFailure;
import dev.antiphon.worker.provider.Providers;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.List;

/// One attempt to answer one message: from the claim to the final chunk.
final class Run {

    private static final Logger LOG = LoggerFactory.getLogger(Run.class);

    private final Providers providers;
    private final Claim.Claimed claimed;
    private final AnswerWriter writer;
    private final ContextWindow window;

    /// What is asked for; null for the provider's own default.
    private @Nullable String model;

    Run(Providers providers, Claim.Claimed claimed, AnswerWriter writer, ContextWindow window) {
        this.window = window;
        this.providers = providers;
        this.claimed = claimed;
        this.writer = writer;
        this.model = claimed.request().context().model();
    }

    /// Answers the message. Blocks until the answer is in the log.
    ///
    /// @return false when another attempt owns the run now
    /// @throws InterruptedException when the process stops: the next attempt continues
    boolean execute() throws InterruptedException {
        try {
            RequestContext context = claimed.request().context();
            ModelProvider provider = providers.choose(context.aiProvider());
            model = providers.modelFor(provider, context.model());
            ModelAnswer answer = provider.stream(call(provider), writer);
            if (answer.question() != null) {
                return fail(
                        ErrorCode.PROVIDER_FAILED,
                        "The provider '"
                                + provider.name()
                                + "' asks a question, which cannot be answered here.");
            }
            return writer.finish(new ChunkBody.Content(answer.lastPiece()), answer.completion());
        } catch (ProviderFailure e) {
            LOG.atWarn()
                    .addKeyValue("message", claimed.request().messageId())
                    .addKeyValue("code", e.code().wire())
                    .addKeyValue("reason", e.getMessage())
                    .log("a model call failed");
            return fail(e.code(), e.getMessage());
        } catch (Unavailable e) {
            return fail(ErrorCode.UNAVAILABLE, "The conversation's store was away for too long.");
        } catch (RuntimeException e) {
            LOG.atError()
                    .addKeyValue("message", claimed.request().messageId())
                    .setCause(e)
                    .log("a run broke");
            return fail(ErrorCode.INTERNAL, ErrorCode.INTERNAL.title());
        }
    }

    private boolean fail(ErrorCode code, String message) throws InterruptedException {
        return writer.finish(
                new ChunkBody.Failure(code, message),
                new Completion(model == null ? "" : model, null, Completion.FinishReason.ERROR));
    }

    private ModelCall call(ModelProvider provider) throws ProviderFailure, InterruptedException {
        RequestContext context = claimed.request().context();
        writer.joinPieces(provider.joinsPieces());
        Streamed streamed = Streamed.of(claimed.streamed(), !provider.capabilities().tools());
        String text = "";
        Kept kept = null;
        switch (provider.capabilities().continuation()) {
            case REPLAY -> text = streamed.text();
            case REATTACH -> {
                kept = streamed.kept();
                text = streamed.textOfKept();
            }
            case RESTART -> {}
        }
        if (!text.isEmpty() || kept != null) {
            writer.continued();
        } else if (claimed.nextChunk() > 0) {
            writer.reset();
        }
        return new ModelCall(
                model,
                context.systemPrompt(),
                window.turns(claimed.request()),
                List.of(),
                context.temperature(),
                context.maxTokens(),
                text,
                kept,
                new Asker(claimed.request().sessionId(), claimed.request().messageId(), List.of()));
    }
}
