package dev.antiphon.backplane.log;

import static dev.antiphon.backplane.Redis.bytes;

import dev.antiphon.backplane.Redis;
import dev.antiphon.backplane.Script;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;

/// Which sessions of a user may have an unfinished message, for the user's list.
final class ActiveSessions {

    /// A user's sessions that are noted; the oldest make room.
    private static final int MOST = 100;

    private static final Script ACTIVE = Script.load(ActiveSessions.class, "active.lua");

    private ActiveSessions() {}

    /// Notes that the session is about to have an unfinished message. A call of its own, because it is the user's key: user
    /// and session may live in different slots.
    ///
    /// @param keep how long the message may be unfinished
    static CompletionStage<List<Object>> note(
            Redis redis, UserId user, SessionId session, Duration keep) {
        return redis.call(
                ACTIVE,
                new String[] {Keys.active(user)},
                bytes(session.value()),
                bytes(MOST),
                bytes(keep.toSeconds()));
    }
}
