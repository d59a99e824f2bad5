package dev.antiphon.backplane.history;

import static dev.antiphon.backplane.Redis.bytes;
import static dev.antiphon.backplane.Redis.text;

import dev.antiphon.backplane.Policy;
import dev.antiphon.backplane.Redis;
import dev.antiphon.backplane.Script;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.SessionId;

import java.util.List;
import java.util.concurrent.CompletionStage;

/// `due.lua`: sessions whose ended answers are not in the history in time.
final class DueScript {

    private static final Script SCRIPT = Script.load(DueScript.class, "due.lua");

    private final Redis redis;

    DueScript(Redis redis) {
        this.redis = redis;
    }

    CompletionStage<List<SessionId>> call(int most) {
        return redis.call(
                        SCRIPT,
                        new String[] {Keys.UNSETTLED},
                        bytes(Policy.SETTLE_AGAIN.toMillis()),
                        bytes(most))
                .thenApply(sessions ->
                        sessions.stream().map(each -> new SessionId(text(each))).toList());
    }
}
