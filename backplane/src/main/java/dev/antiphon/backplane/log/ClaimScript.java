package dev.antiphon.backplane.log;

import static dev.antiphon.backplane.Redis.bytes;
import static dev.antiphon.backplane.Redis.list;
import static dev.antiphon.backplane.Redis.number;
import static dev.antiphon.backplane.Redis.text;
import static dev.antiphon.backplane.log.ScriptAnswers.unexpected;

import dev.antiphon.backplane.Policy;
import dev.antiphon.backplane.Redis;
import dev.antiphon.backplane.Script;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.WorkerId;
import dev.antiphon.protocol.WorkflowRequest;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/// `claim.lua`, and the reading of the chunks that an earlier attempt has streamed.
final class ClaimScript {

    private static final Script SCRIPT =
            Script.load(ClaimScript.class, "owner.lua", "looks.lua", "entries.lua", "claim.lua");

    private final Redis redis;

    ClaimScript(Redis redis) {
        this.redis = redis;
    }

    CompletionStage<Claim> call(
            SessionId session, Optional<MessageId> delivered, WorkerId worker, Token token) {
        String[] keys = {
            Keys.meta(session),
            Keys.log(session),
            Keys.waiting(session),
            Keys.OPEN,
            Keys.runs(session),
            Keys.history(session),
            Keys.turns(session)
        };
        return redis.call(
                        SCRIPT,
                        keys,
                        bytes(session.value()),
                        bytes(delivered.map(MessageId::value).orElse("")),
                        bytes(worker.value()),
                        bytes(token.value()),
                        bytes(Keys.runPrefix(session)),
                        bytes(Keys.LEASE_PREFIX),
                        bytes(Keys.WORKING_PREFIX),
                        bytes(Policy.MOST_ATTEMPTS),
                        bytes(Generation.draw()))
                .thenCompose(answer ->
                        text(answer.getFirst()).equals("OK")
                                ? claimed(answer, token)
                                : CompletableFuture.completedStage(notClaimed(answer)));
    }

    private static Claim notClaimed(List<Object> answer) {
        return switch (text(answer.getFirst())) {
            case "PARKED" -> new Claim.Parked(new MessageId(text(answer.get(1))));
            case "POISON" -> new Claim.Poison(WorkflowRequest.decodeStored((byte[]) answer.get(2)));
            case "BUSY" -> new Claim.Busy();
            case "IDLE" -> new Claim.Idle();
            case "UNKNOWN" -> new Claim.Unknown();
            default -> throw unexpected(answer);
        };
    }

    private CompletionStage<Claim> claimed(List<Object> answer, Token token) {
        WorkflowRequest request = WorkflowRequest.decodeStored((byte[]) answer.get(2));
        List<byte[]> streamed = new ArrayList<>();
        return LoggedChunks.read(
                        redis,
                        request.sessionId(),
                        request.messageId(),
                        number(answer.get(5)),
                        number(answer.get(6)),
                        streamed)
                .thenApply(_ ->
                        new Claim.Claimed(
                                request,
                                token,
                                (int) number(answer.get(3)),
                                (int) number(answer.get(4)),
                                streamed,
                                text(answer.get(7)),
                                list(answer.get(8)).stream().map(Redis::text).toList(),
                                text(answer.get(9))));
    }
}
