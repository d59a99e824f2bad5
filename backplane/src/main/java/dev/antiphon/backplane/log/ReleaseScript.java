package dev.antiphon.backplane.log;

import static dev.antiphon.backplane.Redis.bytes;
import static dev.antiphon.backplane.Redis.number;

import dev.antiphon.backplane.Redis;
import dev.antiphon.backplane.Script;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;

import java.util.concurrent.CompletionStage;

/// `release.lua`.
final class ReleaseScript {

    private static final Script SCRIPT =
            Script.load(ReleaseScript.class, "looks.lua", "release.lua");

    private final Redis redis;

    ReleaseScript(Redis redis) {
        this.redis = redis;
    }

    CompletionStage<Boolean> call(SessionId session, MessageId message, Token token) {
        String[] keys = {Keys.meta(session), Keys.run(session, message), Keys.OPEN};
        return redis.call(
                        SCRIPT,
                        keys,
                        bytes(session.value()),
                        bytes(message.value()),
                        bytes(token.value()),
                        bytes(Keys.WORKING_PREFIX))
                .thenApply(answer -> number(answer.getFirst()) == 1);
    }
}
