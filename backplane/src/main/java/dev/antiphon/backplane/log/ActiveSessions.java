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

/// The sessions of a user that might have an unfinished message, for the user's list.
final class ActiveSessions {

    /// The maximum number of a user's sessions here; the oldest are removed.
    private static final int MOST = 100;

    private static final Script ACTIVE = Script.load(ActiveSessions.class, "active.lua");

    private ActiveSessions() {}

    /// Records that the session is about to have an unfinished message. A separate call, because the key is the user's:
    /// user and session can be in different slots.
    ///
    /// @param keep how long the message can stay unfinished
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
