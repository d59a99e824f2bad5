package dev.antiphon.gateway.http;

import dev.antiphon.backplane.doorbell.Notices;
import dev.antiphon.backplane.history.Conversations;
import dev.antiphon.backplane.history.Erased;
import dev.antiphon.backplane.queue.RequestQueue;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;

/// `DELETE /api/sessions/{session_id}`: erases a session from every store (PROTOCOL.md §4).
final class DeleteSession implements Endpoint {

    private static final Logger LOG = LoggerFactory.getLogger(DeleteSession.class);

    /// JetStream's calls block.
    private static final Executor BLOCKING = Thread::startVirtualThread;

    private final Conversations conversations;
    private final RequestQueue queue;
    private final Notices notices;

    DeleteSession(Conversations conversations, RequestQueue queue, Notices notices) {
        this.conversations = conversations;
        this.queue = queue;
        this.notices = notices;
    }

    @Override
    public void handle(Exchange exchange) {
        SessionId session = new SessionId(exchange.parameter("session_id"));
        UserId user = new UserId(exchange.query().required("user_id"));
        exchange.when(
                conversations.turns(session, user, Optional.empty(), 1),
                found -> {
                    if (found.isEmpty()) {
                        exchange.refuse(Problem.notYours());
                    } else {
                        erase(exchange, session, user);
                    }
                });
    }

    /// The queue first: while the session is still known, a client whose request failed can retry. Then again for
    /// requests that were published meanwhile.
    private void erase(Exchange exchange, SessionId session, UserId user) {
        exchange.when(
                forget(session)
                        .thenCompose(_ -> conversations.erase(session, user))
                        .thenCompose(erased ->
                                forget(session)
                                        .exceptionally(failure -> notForgotten(session, failure))
                                        .thenApply(_ -> erased)),
                erased -> {
                    if (erased.isEmpty()) {
                        exchange.refuse(Problem.notYours()); // two asked at once; the other won
                    } else {
                        tell(user, session, erased.get());
                        exchange.answer(204);
                    }
                });
    }

    private CompletionStage<Void> forget(SessionId session) {
        return CompletableFuture.runAsync(() -> queue.forget(session), BLOCKING);
    }

    @SuppressWarnings("NullAway") // a stage of Void has no other value
    private static Void notForgotten(SessionId session, Throwable failure) {
        LOG.atWarn()
                .addKeyValue("session", session)
                .setCause(failure)
                .log("withdrawing the requests of an erased session failed; some may remain");
        return null;
    }

    /// Stops the model call, and lets the readers begin again with an empty session.
    private void tell(UserId user, SessionId session, Erased erased) {
        erased.active().ifPresent(message -> notices.cancelled(session, message));
        notices.erased(erased.pods(), session);
        notices.changed(user, session);
    }
}
