package dev.antiphon.backplane.history;

import static dev.antiphon.backplane.Redis.bytes;
import static dev.antiphon.backplane.Redis.list;
import static dev.antiphon.backplane.Redis.number;
import static dev.antiphon.backplane.Redis.text;

import dev.antiphon.backplane.Redis;
import dev.antiphon.backplane.Script;
import dev.antiphon.backplane.Unavailable;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkflowRequest;

import org.jspecify.annotations.Nullable;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/// `unsettled.lua`: a page of a log, for the history.
final class UnsettledScript {

    private static final Script SCRIPT = Script.load(UnsettledScript.class, "unsettled.lua");

    /// Redis reads a page in about a millisecond, and serves other callers between two pages.
    private static final int PAGE_ENTRIES = 500;

    private static final int PAGE_BYTES = 256 * 1024;

    private final Redis redis;

    UnsettledScript(Redis redis) {
        this.redis = redis;
    }

    /// @param after where the page begins; null for the settled end. The stage fails with {@link Unavailable} when the
    ///     log is another one by now
    CompletionStage<Optional<LogPage>> call(SessionId session, @Nullable EntryId after) {
        String[] keys = {Keys.meta(session), Keys.log(session), Keys.UNSETTLED};
        return redis.call(
                        SCRIPT,
                        keys,
                        bytes(session.value()),
                        bytes(Keys.runPrefix(session)),
                        bytes(PAGE_ENTRIES),
                        bytes(PAGE_BYTES),
                        bytes(after == null ? "" : "" + after.generation()),
                        bytes(after == null ? "" : "" + after.number()),
                        bytes(after == null ? "" : after.hashHex()))
                .thenApply(answer ->
                        switch (text(answer.getFirst())) {
                            case "OK" -> Optional.of(page(answer));
                            case "NONE" -> Optional.empty();
                            default ->
                                    throw new Unavailable(
                                            "the log of session " + session + " changed meanwhile",
                                            null);
                        });
    }

    private static LogPage page(List<Object> answer) {
        long generation = number(answer.get(1));
        long number = number(answer.get(6));
        List<Object> parts = list(answer.get(7));
        List<Entry> entries = new ArrayList<>(parts.size() / 3);
        for (int i = 0; i < parts.size(); i += 3) {
            int hash = Integer.parseUnsignedInt(text(parts.get(i + 2)), 16);
            entries.add(
                    new Entry(
                            new EntryId(generation, number, hash),
                            EventName.of(text(parts.get(i))),
                            (byte[]) parts.get(i + 1)));
            number++;
        }
        return new LogPage(
                generation,
                number(answer.get(2)),
                number(answer.get(3)),
                new UserId(text(answer.get(4))),
                text(answer.get(9)),
                Instant.ofEpochMilli(number(answer.get(5))),
                entries,
                asked(list(answer.get(8))));
    }

    private static Map<MessageId, @Nullable Asked> asked(List<Object> messages) {
        Map<MessageId, @Nullable Asked> asked = new HashMap<>();
        for (Object each : messages) {
            List<Object> run = list(each);
            if (number(run.get(1)) == 1) {
                byte[] body = (byte[]) run.get(2);
                String parent = text(run.get(3));
                asked.put(
                        new MessageId(text(run.getFirst())),
                        body.length == 0
                                ? null
                                : new Asked(
                                        WorkflowRequest.decodeStored(body),
                                        parent.isEmpty() ? null : new MessageId(parent)));
            }
        }
        return asked;
    }
}
