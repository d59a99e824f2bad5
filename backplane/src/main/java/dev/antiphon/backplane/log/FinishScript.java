package dev.antiphon.backplane.log;

import static dev.antiphon.backplane.Redis.bytes;
import static dev.antiphon.backplane.Redis.list;
import static dev.antiphon.backplane.Redis.number;
import static dev.antiphon.backplane.Redis.text;
import static dev.antiphon.backplane.log.ScriptAnswers.entries;
import static dev.antiphon.backplane.log.ScriptAnswers.unexpected;

import dev.antiphon.backplane.Members;
import dev.antiphon.backplane.Redis;
import dev.antiphon.backplane.Retention;
import dev.antiphon.backplane.Script;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/// `finish.lua`.
final class FinishScript {

    private static final Script SCRIPT =
            Script.load(
                    FinishScript.class, "looks.lua", "entries.lua", "cleanup.lua", "finish.lua");

    private final Redis redis;
    private final Retention keep;

    FinishScript(Redis redis, Retention keep) {
        this.redis = redis;
        this.keep = keep;
    }

    CompletionStage<Finish> call(Optional<UserId> user, Chunk last) {
        SessionId session = last.sessionId();
        String[] keys = {
            Keys.meta(session),
            Keys.log(session),
            Keys.run(session, last.messageId()),
            Keys.connections(session),
            Keys.waiting(session),
            Keys.OPEN,
            Keys.runs(session),
            Keys.UNSETTLED,
            Keys.CLEANUPS,
            Keys.CLEANUP_DETAILS
        };
        Chunk.Halves halves = last.encodeAroundChunkId();
        byte[] complete = Batch.End.of(last).complete();
        return redis.call(
                        SCRIPT,
                        keys,
                        bytes(session.value()),
                        bytes(last.messageId().value()),
                        bytes(user.map(UserId::value).orElse("")),
                        halves.before(),
                        halves.after(),
                        complete,
                        bytes(Keys.WORKING_PREFIX),
                        bytes(keep.log().toSeconds()),
                        bytes(keep.owner().toSeconds()),
                        bytes(Keys.LEASE_PREFIX))
                .thenApply(answer -> finished(answer, halves, complete));
    }

    private static Finish finished(List<Object> answer, Chunk.Halves halves, byte[] complete) {
        return switch (text(answer.getFirst())) {
            case "OK" -> {
                byte[] chunk = halves.with((int) number(answer.get(3)));
                List<Batch.Addition> additions = new Batch.End(chunk, complete).additions();
                List<Object> hashes = list(answer.get(4));
                yield new Finish.Finished(
                        entries(number(answer.get(1)), number(answer.get(2)), hashes, additions),
                        Members.pods(list(answer.get(5))));
            }
            case "ENDED" -> new Finish.Ended();
            case "UNKNOWN" -> new Finish.Unknown();
            default -> throw unexpected(answer);
        };
    }
}
