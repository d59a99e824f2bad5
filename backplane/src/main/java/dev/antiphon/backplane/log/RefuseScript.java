package dev.antiphon.backplane.log;

import static dev.antiphon.backplane.Redis.bytes;
import static dev.antiphon.backplane.Redis.list;
import static dev.antiphon.backplane.Redis.text;
import static dev.antiphon.backplane.log.ScriptAnswers.added;

import dev.antiphon.backplane.Members;
import dev.antiphon.backplane.Policy;
import dev.antiphon.backplane.Redis;
import dev.antiphon.backplane.Retention;
import dev.antiphon.backplane.Script;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;

import java.util.concurrent.CompletionStage;

/// `refuse.lua`.
final class RefuseScript {

    private static final Script SCRIPT =
            Script.load(RefuseScript.class, "looks.lua", "entries.lua", "refuse.lua");

    private final Redis redis;
    private final Retention keep;

    RefuseScript(Redis redis, Retention keep) {
        this.redis = redis;
        this.keep = keep;
    }

    CompletionStage<Refuse> call(SessionId session, MessageId message, Batch.End end) {
        String[] keys = {
            Keys.meta(session),
            Keys.log(session),
            Keys.run(session, message),
            Keys.connections(session),
            Keys.runs(session)
        };
        return redis.call(
                        SCRIPT,
                        keys,
                        end.chunk(),
                        end.complete(),
                        bytes(keep.log().toSeconds()),
                        bytes(Policy.MOST_REFUSED),
                        bytes(message.value()))
                .thenApply(answer ->
                        text(answer.getFirst()).equals("KNOWN")
                                ? new Refuse.Known()
                                : new Refuse.Refused(
                                        added(answer, end.additions()),
                                        Members.pods(list(answer.get(4)))));
    }
}
