package dev.antiphon.simulation;

import dev.antiphon.backplane.history.SessionState;
import dev.antiphon.backplane.history.UserSessions;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/// Users' lists, which no browser of the simulation shows.
record NoLists() implements UserSessions {

    @Override
    public CompletionStage<List<SessionState>> newest(UserId user) {
        return CompletableFuture.completedStage(List.of());
    }

    @Override
    public CompletionStage<List<SessionState>> states(UserId user, List<SessionId> sessions) {
        return CompletableFuture.completedStage(List.of());
    }
}
