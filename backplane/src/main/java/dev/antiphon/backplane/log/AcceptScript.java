package dev.antiphon.backplane.log;

import static dev.antiphon.backplane.Redis.bytes;
import static dev.antiphon.backplane.Redis.list;
import static dev.antiphon.backplane.Redis.number;
import static dev.antiphon.backplane.Redis.text;
import static dev.antiphon.backplane.log.ScriptAnswers.id;
import static dev.antiphon.backplane.log.ScriptAnswers.unexpected;

import dev.antiphon.backplane.Members;
import dev.antiphon.backplane.Policy;
import dev.antiphon.backplane.Redis;
import dev.antiphon.backplane.Script;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.WorkflowRequest;

import java.util.List;
import java.util.concurrent.CompletionStage;

/// `accept.lua`.
final class AcceptScript {

    private static final Script SCRIPT =
            Script.load(AcceptScript.class, "owner.lua", "looks.lua", "entries.lua", "accept.lua");

    private final Redis redis;
    private final Admission admission;

    AcceptScript(Redis redis, Admission admission) {
        this.redis = redis;
        this.admission = admission;
    }

    CompletionStage<Accept> call(WorkflowRequest request) {
        SessionId session = request.sessionId();
        String[] keys = {
            Keys.meta(session),
            Keys.log(session),
            Keys.run(session, request.messageId()),
            Keys.waiting(session),
            Keys.OPEN,
            Keys.connections(session),
            Keys.runs(session),
            Keys.history(session),
            Keys.turns(session),
            Keys.erased(session)
        };
        return admission
                .enter(session, word -> call(request, keys, word))
                .thenApply(AcceptScript::accepted);
    }

    private CompletionStage<List<Object>> call(
            WorkflowRequest request, String[] keys, Admission.Word word) {
        MessageId parent = request.parentId();
        return redis.call(
                SCRIPT,
                keys,
                bytes(request.sessionId().value()),
                bytes(request.messageId().value()),
                bytes(request.userId().value()),
                request.encode(),
                bytes(request.digest()),
                request.messageEventUpToParent(),
                bytes(Generation.draw()),
                bytes(Policy.MOST_WAITING),
                bytes(parent == null ? "" : parent.value()),
                bytes(word.owner()),
                bytes(word.latest()),
                bytes(word.incarnation()));
    }

    private static Accept accepted(List<Object> answer) {
        return switch (text(answer.getFirst())) {
            case "ACCEPTED" ->
                    new Accept.Accepted(
                            new Entry(
                                    id(number(answer.get(1)), number(answer.get(2)), answer.get(3)),
                                    EventName.MESSAGE,
                                    (byte[]) answer.get(6)),
                            Members.pods(list(answer.get(5))),
                            (int) number(answer.get(4)));
            case "DUPLICATE" -> new Accept.Duplicate();
            case "CONFLICT" -> new Accept.Conflict();
            case "FOREIGN" -> new Accept.Foreign();
            case "FULL" -> new Accept.Full();
            default -> throw unexpected(answer);
        };
    }
}
