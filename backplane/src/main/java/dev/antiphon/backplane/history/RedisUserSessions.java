package dev.antiphon.backplane.history;

import static dev.antiphon.backplane.Redis.bytes;
import static dev.antiphon.backplane.Redis.text;

import dev.antiphon.backplane.Redis;
import dev.antiphon.backplane.Script;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkflowRequest;

import io.lettuce.core.ScoredValue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/// The state of users' sessions, from their keys in Redis.
///
/// No call touches keys of a user and of a session at once, nor keys of two sessions. The sessions in a user's key are
/// read one by one, in one pipeline.
final class RedisUserSessions {

    /// Sessions of the list that are read.
    private static final int NEWEST = 50;

    /// How long a session without an unfinished message stays among the active ones after a message was sent: the
    /// message can still be on its way.
    private static final Duration MOMENT = Duration.ofMinutes(1);

    private static final Script STATE =
            Script.load(
                    RedisUserSessions.class, "/dev/antiphon/backplane/log/owner.lua", "state.lua");
    private static final Script REST = Script.load(RedisUserSessions.class, "rest.lua");
    private static final Script RENAME =
            Script.load(
                    RedisUserSessions.class, "/dev/antiphon/backplane/log/owner.lua", "rename.lua");

    private final Redis redis;

    RedisUserSessions(Redis redis) {
        this.redis = redis;
    }

    /// Joins the list with the unfinished messages.
    ///
    /// @param list the store of the conversations
    CompletionStage<List<SessionState>> newest(UserId user, Conversations list) {
        return list.sessions(user, Optional.empty(), NEWEST)
                .thenCombine(active(user, list), RedisUserSessions::joined);
    }

    private static List<SessionState> joined(Sessions listed, List<SessionState> active) {
        Map<SessionId, SessionState> all = new LinkedHashMap<>();
        active.forEach(each -> all.put(each.session(), each));
        for (Sessions.Summary each : listed.page()) {
            all.putIfAbsent(
                    each.session(),
                    new SessionState(each.session(), SessionState.State.IDLE, each.title()));
        }
        return List.copyOf(all.values());
    }

    private CompletionStage<List<SessionState>> active(UserId user, Conversations list) {
        return redis.send(commands -> commands.zrevrangeWithScores(Keys.active(user), 0, -1))
                .thenCompose(found -> {
                    Map<SessionId, Long> noted = new LinkedHashMap<>();
                    for (ScoredValue<byte[]> each : found) {
                        noted.put(new SessionId(text(each.getValue())), (long) each.getScore());
                    }
                    return list.states(user, List.copyOf(noted.keySet()))
                            .thenCompose(states -> active(user, noted, states));
                });
    }

    /// The active ones; the others are removed from the set.
    private CompletionStage<List<SessionState>> active(
            UserId user, Map<SessionId, Long> noted, List<SessionState> states) {
        List<SessionState> active = states.stream().filter(SessionState::isActive).toList();
        if (active.size() == noted.size()) {
            return CompletableFuture.completedStage(active);
        }
        Map<SessionId, Long> idle = new HashMap<>(noted);
        active.forEach(each -> idle.remove(each.session()));
        List<byte[]> arguments = new ArrayList<>();
        arguments.add(bytes(MOMENT.toMillis()));
        idle.forEach((session, at) -> {
            arguments.add(bytes(session.value()));
            arguments.add(bytes(at));
        });
        return redis.call(REST, new String[] {Keys.active(user)}, arguments.toArray(byte[][]::new))
                .thenApply(_ -> active);
    }

    CompletionStage<List<SessionState>> states(UserId user, List<SessionId> sessions) {
        List<CompletableFuture<SessionState>> states =
                sessions.stream().map(each -> state(user, each).toCompletableFuture()).toList();
        return CompletableFuture.allOf(states.toArray(CompletableFuture[]::new))
                .thenApply(_ -> states.stream().map(CompletableFuture::join).toList());
    }

    private CompletionStage<SessionState> state(UserId user, SessionId session) {
        return redis.call(STATE, keys(session), bytes(user.value()), bytes(Keys.runPrefix(session)))
                .thenApply(answer -> {
                    byte[] request = (byte[]) answer.get(2);
                    return new SessionState(
                            session,
                            SessionState.State.valueOf(text(answer.get(0))),
                            request.length == 0
                                    ? text(answer.get(1))
                                    : Turn.title(WorkflowRequest.decodeStored(request)));
                });
    }

    /// Gives a session another title.
    ///
    /// @return the session's incarnation, empty when it is not known; nothing when the session does not exist, has no
    ///     message, or belongs to another user
    CompletionStage<Optional<String>> rename(SessionId session, UserId user, String title) {
        return redis.call(
                        RENAME,
                        keys(session),
                        bytes(user.value()),
                        bytes(title),
                        bytes(Keys.runPrefix(session)))
                .thenApply(answer ->
                        text(answer.getFirst()).equals("RENAMED")
                                ? Optional.of(text(answer.get(1)))
                                : Optional.empty());
    }

    /// Removes an erased session from its user's active ones.
    CompletionStage<Long> forget(UserId user, SessionId session) {
        return redis.send(commands -> commands.zrem(Keys.active(user), bytes(session.value())));
    }

    private static String[] keys(SessionId session) {
        return new String[] {
            Keys.meta(session), Keys.history(session), Keys.waiting(session), Keys.runs(session)
        };
    }
}
