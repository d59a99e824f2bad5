package dev.antiphon.backplane.log;

import static dev.antiphon.backplane.Redis.bytes;
import static dev.antiphon.backplane.Redis.list;
import static dev.antiphon.backplane.Redis.number;
import static dev.antiphon.backplane.Redis.text;
import static dev.antiphon.backplane.log.ScriptAnswers.id;
import static dev.antiphon.backplane.log.ScriptAnswers.unexpected;

import dev.antiphon.backplane.Members;
import dev.antiphon.backplane.Redis;
import dev.antiphon.backplane.Script;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkflowRequest;

import java.util.List;
import java.util.concurrent.CompletionStage;

/// `resume.lua`.
final class ResumeScript {

    private static final Script SCRIPT =
            Script.load(ResumeScript.class, "looks.lua", "entries.lua", "resume.lua");

    private final Redis redis;

    ResumeScript(Redis redis) {
        this.redis = redis;
    }

    CompletionStage<Resume> call(UserId user, Chunk resumed, UserAnswer answer) {
        SessionId session = resumed.sessionId();
        String[] keys = {
            Keys.meta(session),
            Keys.log(session),
            Keys.run(session, resumed.messageId()),
            Keys.connections(session),
            Keys.OPEN
        };
        Chunk.Halves halves = resumed.encodeAroundChunkId();
        Integer question = answer.question();
        return redis.call(
                        SCRIPT,
                        keys,
                        bytes(session.value()),
                        bytes(resumed.messageId().value()),
                        bytes(user.value()),
                        bytes(answer.text()),
                        halves.before(),
                        halves.after(),
                        question == null ? bytes("") : bytes(question))
                .thenApply(ResumeScript::resumed);
    }

    private static Resume resumed(List<Object> answer) {
        return switch (text(answer.getFirst())) {
            case "OK" ->
                    new Resume.Resumed(
                            new Entry(
                                    id(number(answer.get(1)), number(answer.get(2)), answer.get(3)),
                                    EventName.CHUNK,
                                    (byte[]) answer.get(4)),
                            Members.pods(list(answer.get(5))),
                            WorkflowRequest.decodeStored((byte[]) answer.get(6)),
                            (int) number(answer.get(7)));
            case "UNKNOWN" -> new Resume.Unknown();
            case "NOT_WAITING" -> new Resume.NotWaiting();
            default -> throw unexpected(answer);
        };
    }
}
