package dev.antiphon.backplane.history;

import static dev.antiphon.backplane.Redis.bytes;

import dev.antiphon.backplane.Policy;
import dev.antiphon.backplane.Redis;
import dev.antiphon.backplane.Script;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;

import java.util.List;
import java.util.concurrent.CompletionStage;

/// `before.lua`: the turns that a message follows, newest first.
final class BeforeScript {

    private static final Script SCRIPT = Script.load(BeforeScript.class, "before.lua");

    private final Redis redis;

    BeforeScript(Redis redis) {
        this.redis = redis;
    }

    CompletionStage<List<Said>> call(SessionId session, MessageId message, int mostCharacters) {
        String[] keys = {Keys.run(session, message), Keys.history(session)};
        return redis.call(SCRIPT, keys, bytes(mostCharacters), bytes(Policy.MOST_TURNS_BEFORE))
                .thenApply(turns -> turns.stream().map(turn -> Turn.said((byte[]) turn)).toList());
    }
}
