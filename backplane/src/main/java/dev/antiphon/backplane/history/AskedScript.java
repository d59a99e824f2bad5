package dev.antiphon.backplane.history;

import static dev.antiphon.backplane.Redis.bytes;
import static dev.antiphon.backplane.Redis.text;

import dev.antiphon.backplane.Redis;
import dev.antiphon.backplane.Script;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkflowRequest;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/// `asked.lua`: the request of a message, from its run or from its turn.
final class AskedScript {

    private static final Script SCRIPT =
            Script.load(AskedScript.class, "/dev/antiphon/backplane/log/owner.lua", "asked.lua");

    private final Redis redis;

    AskedScript(Redis redis) {
        this.redis = redis;
    }

    CompletionStage<Optional<WorkflowRequest>> call(
            SessionId session, UserId user, MessageId message) {
        String[] keys = {
            Keys.meta(session),
            Keys.run(session, message),
            Keys.history(session),
            Keys.waiting(session),
            Keys.runs(session)
        };
        return redis.call(SCRIPT, keys, bytes(user.value()), bytes(message.value()))
                .thenApply(answer ->
                        switch (text(answer.getFirst())) {
                            case "RUN" -> Optional.of(inRun(answer));
                            case "TURN" ->
                                    Optional.of(Turn.asked((byte[]) answer.get(1), session, user));
                            default -> Optional.empty();
                        });
    }

    private static WorkflowRequest inRun(List<Object> answer) {
        WorkflowRequest request = WorkflowRequest.decodeStored((byte[]) answer.get(1));
        String parent = text(answer.get(2));
        return request.after(parent.isEmpty() ? request.messageId() : new MessageId(parent));
    }
}
