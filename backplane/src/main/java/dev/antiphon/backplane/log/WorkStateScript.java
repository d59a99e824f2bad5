package dev.antiphon.backplane.log;

import static dev.antiphon.backplane.Redis.bytes;
import static dev.antiphon.backplane.Redis.text;
import static dev.antiphon.backplane.log.ScriptAnswers.unexpected;

import dev.antiphon.backplane.Redis;
import dev.antiphon.backplane.Script;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;

import java.util.concurrent.CompletionStage;

/// `work_state.lua`.
final class WorkStateScript {

    private static final Script SCRIPT = Script.load(WorkStateScript.class, "work_state.lua");

    private final Redis redis;

    WorkStateScript(Redis redis) {
        this.redis = redis;
    }

    CompletionStage<WorkState> call(SessionId session, MessageId message) {
        String[] keys = {Keys.meta(session), Keys.run(session, message), Keys.history(session)};
        return redis.call(
                        SCRIPT,
                        keys,
                        bytes(message.value()),
                        bytes(Keys.runPrefix(session)),
                        bytes(Keys.LEASE_PREFIX))
                .thenApply(answer ->
                        switch (text(answer.getFirst())) {
                            case "AT_REST" -> new WorkState.AtRest(text(answer.get(1)));
                            case "AT_WORK" -> new WorkState.AtWork();
                            case "FREE" -> new WorkState.Free();
                            default -> throw unexpected(answer);
                        });
    }
}
