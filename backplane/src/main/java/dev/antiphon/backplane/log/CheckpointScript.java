package dev.antiphon.backplane.log;

import static dev.antiphon.backplane.Redis.bytes;
import static dev.antiphon.backplane.Redis.number;

import dev.antiphon.backplane.Policy;
import dev.antiphon.backplane.Redis;
import dev.antiphon.backplane.Script;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;

import java.util.concurrent.CompletionStage;

/// `checkpoint.lua`.
final class CheckpointScript {

    private static final Script SCRIPT = Script.load(CheckpointScript.class, "checkpoint.lua");

    private final Redis redis;

    CheckpointScript(Redis redis) {
        this.redis = redis;
    }

    CompletionStage<Boolean> call(
            SessionId session, MessageId message, Token token, int chunks, String checkpoint) {
        byte[] data = bytes(checkpoint);
        if (data.length > Policy.MOST_CHECKPOINT_BYTES) {
            throw new IllegalArgumentException(
                    "a checkpoint of "
                            + data.length
                            + " bytes is over "
                            + Policy.MOST_CHECKPOINT_BYTES);
        }
        String[] keys = {Keys.meta(session), Keys.run(session, message)};
        return redis.call(
                        SCRIPT,
                        keys,
                        bytes(message.value()),
                        bytes(token.value()),
                        bytes(chunks),
                        data)
                .thenApply(answer -> number(answer.getFirst()) == 1);
    }
}
