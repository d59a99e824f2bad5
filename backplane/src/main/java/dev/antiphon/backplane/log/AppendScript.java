package dev.antiphon.backplane.log;

import static dev.antiphon.backplane.Redis.bytes;
import static dev.antiphon.backplane.Redis.list;
import static dev.antiphon.backplane.Redis.number;
import static dev.antiphon.backplane.Redis.text;
import static dev.antiphon.backplane.log.ScriptAnswers.added;
import static dev.antiphon.backplane.log.ScriptAnswers.unexpected;

import dev.antiphon.backplane.Members;
import dev.antiphon.backplane.Redis;
import dev.antiphon.backplane.Retention;
import dev.antiphon.backplane.Script;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.SessionId;

import tools.jackson.databind.node.ArrayNode;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;

/// `append.lua`.
final class AppendScript {

    private static final Script SCRIPT =
            Script.load(
                    AppendScript.class, "looks.lua", "entries.lua", "cleanup.lua", "append.lua");

    /// The arguments before the entries.
    private static final int FIRST_ARGUMENTS = 12;

    private final Redis redis;
    private final Retention keep;
    private final Duration keepParked;

    AppendScript(Redis redis, Retention keep, Duration keepParked) {
        this.redis = redis;
        this.keep = keep;
        this.keepParked = keepParked;
    }

    CompletionStage<Append> call(Batch batch) {
        SessionId session = batch.session();
        String[] keys = {
            Keys.meta(session),
            Keys.log(session),
            Keys.run(session, batch.message()),
            Keys.connections(session),
            Keys.waiting(session),
            Keys.OPEN,
            Keys.runs(session),
            Keys.UNSETTLED,
            Keys.tools(session, batch.message()),
            Keys.CLEANUPS,
            Keys.CLEANUP_DETAILS
        };
        return redis.call(SCRIPT, keys, arguments(batch))
                .thenApply(answer -> appended(answer, batch));
    }

    private byte[][] arguments(Batch batch) {
        List<byte[]> arguments = new ArrayList<>(FIRST_ARGUMENTS + 2 * batch.additions().size());
        arguments.add(bytes(batch.session().value()));
        arguments.add(bytes(batch.message().value()));
        arguments.add(bytes(batch.token().value()));
        arguments.add(bytes(batch.firstChunk()));
        arguments.add(bytes(batch.chunks()));
        arguments.add(bytes(batch.then().name()));
        arguments.add(bytes(Keys.WORKING_PREFIX));
        arguments.add(bytes(keep.log().toSeconds()));
        arguments.add(bytes(keep.owner().toSeconds()));
        arguments.add(bytes(keepParked.toMillis()));
        arguments.add(handles(batch));
        arguments.add(bytes(Keys.LEASE_PREFIX));
        for (Batch.Addition addition : batch.additions()) {
            arguments.add(bytes(addition.event().wire()));
            arguments.add(addition.data());
        }
        return arguments.toArray(byte[][]::new);
    }

    private static byte[] handles(Batch batch) {
        if (batch.handles().isEmpty()) {
            return bytes("");
        }
        ArrayNode handles = Json.array();
        batch.handles().forEach(handles::add);
        return Json.bytes(handles);
    }

    private static Append appended(List<Object> answer, Batch batch) {
        return switch (text(answer.getFirst())) {
            case "OK" ->
                    new Append.Appended(
                            added(answer, batch.additions()), Members.pods(list(answer.get(4))));
            case "FENCED" -> new Append.Fenced();
            case "SEQ" -> new Append.OutOfSequence((int) number(answer.get(1)));
            default -> throw unexpected(answer);
        };
    }
}
