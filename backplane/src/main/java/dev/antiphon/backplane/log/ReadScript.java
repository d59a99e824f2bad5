package dev.antiphon.backplane.log;

import static dev.antiphon.backplane.Redis.bytes;
import static dev.antiphon.backplane.Redis.list;
import static dev.antiphon.backplane.Redis.number;
import static dev.antiphon.backplane.Redis.text;
import static dev.antiphon.backplane.log.ScriptAnswers.id;
import static dev.antiphon.backplane.log.ScriptAnswers.unexpected;

import dev.antiphon.backplane.Policy;
import dev.antiphon.backplane.Redis;
import dev.antiphon.backplane.Script;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.SessionId;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;

/// `read.lua`.
final class ReadScript {

    private static final Script SCRIPT =
            Script.load(ReadScript.class, "looks.lua", "entries.lua", "read.lua");

    private final Redis redis;

    ReadScript(Redis redis) {
        this.redis = redis;
    }

    CompletionStage<Slice> call(SessionId session, EntryId after, int most) {
        String[] keys = {Keys.meta(session), Keys.log(session)};
        return redis.call(
                        SCRIPT,
                        keys,
                        bytes(after.generation()),
                        bytes(after.number()),
                        bytes(after.hashHex()),
                        bytes(most),
                        bytes(Policy.MOST_READ_BYTES))
                .thenApply(answer -> slice(answer, after));
    }

    private static Slice slice(List<Object> answer, EntryId after) {
        return switch (text(answer.getFirst())) {
            case "OK" ->
                    new Slice.Entries(
                            following(after, list(answer.get(3))),
                            id(after.generation(), number(answer.get(1)), answer.get(2)));
            case "LOST" ->
                    new Slice.Lost(
                            text(answer.get(1)),
                            id(number(answer.get(2)), number(answer.get(3)), answer.get(4)));
            case "NONE" -> new Slice.None();
            default -> throw unexpected(answer);
        };
    }

    /// The entries of a flat answer: event, data and hash of each. Their numbers are consecutive.
    private static List<Entry> following(EntryId after, List<Object> fields) {
        List<Entry> entries = new ArrayList<>(fields.size() / 3);
        for (int i = 0; i < fields.size(); i += 3) {
            entries.add(
                    new Entry(
                            id(
                                    after.generation(),
                                    after.number() + 1 + entries.size(),
                                    fields.get(i + 2)),
                            EventName.of(text(fields.get(i))),
                            (byte[]) fields.get(i + 1)));
        }
        return entries;
    }
}
