package dev.antiphon.engine.run;

import dev.antiphon.api.model.ModelTurn;
import dev.antiphon.api.model.ProviderFailure;
import dev.antiphon.backplane.Unavailable;
import dev.antiphon.backplane.history.History;
import dev.antiphon.backplane.history.Said;
import dev.antiphon.protocol.RequestContext;
import dev.antiphon.protocol.RequestContext.Turn;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.WorkflowRequest;
import dev.antiphon.time.Time;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Semaphore;

/// The part of the conversation that a model sees: the newest turns of the message's branch that fit.
///
/// The size is estimated at four characters per token: each model has its own tokenizer, and an estimate is sufficient
/// to choose what to leave out.
public final class ContextWindow {

    private static final int CHARACTERS_PER_TOKEN = 4;

    /// As long as an answer waits for a store.
    private static final Duration WAIT = Duration.ofSeconds(60);

    private final History history;
    private final int tokens;
    private final Duration wait;
    private final Retries retries;
    private final Counters counters;

    /// For runs that wait for an unavailable history. Each holds the slot of a run; if all slots waited, chats without
    /// earlier turns would get no answer either. A further run fails at once.
    private final Semaphore waiting;

    /// Whether the last read failed: then only the runs that wait try to read, until one of them succeeds.
    private volatile boolean unavailable;

    /// A window onto conversations.
    ///
    /// @param tokens the budget of system prompt, message and earlier turns together, 0 or more; the message is
    ///     always included
    /// @param mostWaiting how many runs can wait for an unavailable history at once, 1 or more
    public ContextWindow(
            History history, int tokens, int mostWaiting, Time time, Counters counters) {
        this(history, tokens, mostWaiting, time, counters, WAIT);
    }

    ContextWindow(
            History history,
            int tokens,
            int mostWaiting,
            Time time,
            Counters counters,
            Duration wait) {
        this.waiting = new Semaphore(mostWaiting);
        this.history = history;
        this.tokens = tokens;
        this.wait = wait;
        this.retries = new Retries(time, counters);
        this.counters = counters;
    }

    /// The turns that the model sees, oldest first; the last is the message. Blocks.
    ///
    /// If a request brings its own history, the model sees all of that instead, because its publisher has chosen it.
    ///
    /// @throws ProviderFailure when the request's own history has a role that models do not know
    /// @throws Unavailable when the history is unavailable for too long: an answer without memory would be wrong
    /// @throws InterruptedException when interrupted
    public List<ModelTurn> turns(WorkflowRequest request)
            throws ProviderFailure, InterruptedException {
        RequestContext context = request.context();
        List<ModelTurn> turns = new ArrayList<>();
        for (Turn given : context.conversationHistory()) {
            ModelTurn turn = ModelTurn.of(given);
            if (!given.content().isBlank()) { // services and client libraries refuse empty turns
                turns.add(turn);
            }
        }
        if (context.conversationHistory().isEmpty()) {
            for (Said said : before(request).reversed()) {
                turns.add(new ModelTurn.User(said.text()));
                if (!said.answer().isEmpty()) { // models can refuse an empty turn
                    turns.add(new ModelTurn.Assistant(said.answer()));
                }
            }
        }
        turns.add(new ModelTurn.User(request.message()));
        return turns;
    }

    private List<Said> before(WorkflowRequest request) throws InterruptedException {
        long room =
                (long) tokens * CHARACTERS_PER_TOKEN
                        - characters(request.message())
                        - characters(request.context().systemPrompt());
        if (room <= 0) {
            return List.of();
        }
        int most = (int) Math.min(room, Integer.MAX_VALUE);
        if (!unavailable) {
            try {
                return retries.within(Duration.ZERO, () -> said(request, most));
            } catch (Unavailable e) {
                unavailable = true;
            }
        }
        if (!waiting.tryAcquire()) {
            throw new Unavailable("history unavailable, and many runs wait for it", null);
        }
        try {
            List<Said> said = retries.within(wait, () -> said(request, most));
            unavailable = false;
            return said;
        } finally {
            waiting.release();
        }
    }

    /// Stores ended answers first: the worker that answered last may have died, or has not stored its answer yet.
    private CompletionStage<List<Said>> said(WorkflowRequest request, int most) {
        SessionId session = request.sessionId();
        return history.settle(session)
                .exceptionally(failure -> {
                    Throwable cause =
                            failure instanceof CompletionException ? failure.getCause() : failure;
                    if (cause instanceof Unavailable unavailable) {
                        throw unavailable;
                    }
                    // A log that cannot be read must not prevent the answers to the session's
                    // next messages.
                    Settler.incomplete(session, cause, counters);
                    return null;
                })
                .thenCompose(_ -> history.before(session, request.messageId(), most));
    }

    private static int characters(@Nullable String text) {
        return text == null ? 0 : text.codePointCount(0, text.length());
    }
}
