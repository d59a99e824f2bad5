package dev.antiphon.tester;

import dev.antiphon.backplane.history.History;
import dev.antiphon.backplane.history.Recent;
import dev.antiphon.backplane.history.Said;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/// The history of a session without earlier messages.
final class NoHistory implements History {

    @Override
    public CompletionStage<Void> settle(SessionId session) {
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletionStage<List<SessionId>> unsettledSessions(int most) {
        return CompletableFuture.completedFuture(List.of());
    }

    @Override
    public CompletionStage<List<Said>> before(
            SessionId session, MessageId message, int mostCharacters) {
        return CompletableFuture.completedFuture(List.of());
    }

    @Override
    public CompletionStage<Optional<Recent>> newest(SessionId session, UserId user) {
        return CompletableFuture.completedFuture(Optional.empty());
    }
}
