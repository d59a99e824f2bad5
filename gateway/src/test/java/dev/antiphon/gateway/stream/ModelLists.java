package dev.antiphon.gateway.stream;

import dev.antiphon.backplane.Unavailable;
import dev.antiphon.backplane.history.SessionState;
import dev.antiphon.backplane.history.SessionState.State;
import dev.antiphon.backplane.history.UserSessions;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/// The state of users' sessions, set by a test.
final class ModelLists implements UserSessions {

    private final Map<UserId, Map<SessionId, SessionState>> users = new HashMap<>();

    /// Reads without an answer so far; null while each is answered at once.
    private @Nullable List<Runnable> held;

    boolean isAway;
    int wholeReads;
    final List<List<SessionId>> looks = new ArrayList<>();

    void put(UserId user, String session, State state, String title) {
        SessionId id = new SessionId(session);
        of(user).put(id, new SessionState(id, state, title));
    }

    void remove(UserId user, String session) {
        of(user).remove(new SessionId(session));
    }

    private Map<SessionId, SessionState> of(UserId user) {
        return users.computeIfAbsent(user, _ -> new LinkedHashMap<>());
    }

    /// From now on reads wait for {@link #answer}; each returns the state at the time of its call.
    void hold() {
        held = new ArrayList<>();
    }

    void answer() {
        List<Runnable> waiting = held == null ? List.of() : held;
        held = null;
        waiting.forEach(Runnable::run);
    }

    @Override
    public CompletionStage<List<SessionState>> newest(UserId user) {
        wholeReads++;
        return answered(List.copyOf(of(user).values()));
    }

    @Override
    public CompletionStage<List<SessionState>> states(UserId user, List<SessionId> sessions) {
        looks.add(sessions);
        return answered(
                sessions.stream()
                        .map(each ->
                                of(user).getOrDefault(
                                                each, new SessionState(each, State.DELETED, "")))
                        .toList());
    }

    private CompletionStage<List<SessionState>> answered(List<SessionState> answer) {
        if (isAway) {
            return CompletableFuture.failedStage(new Unavailable("a test says so", null));
        } else if (held == null) {
            return CompletableFuture.completedStage(answer);
        }
        CompletableFuture<List<SessionState>> later = new CompletableFuture<>();
        held.add(() -> later.complete(answer));
        return later;
    }
}
