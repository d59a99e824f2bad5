package dev.antiphon.backplane.history;

import static dev.antiphon.backplane.Redis.bytes;
import static dev.antiphon.backplane.Redis.list;
import static dev.antiphon.backplane.Redis.number;
import static dev.antiphon.backplane.Redis.text;

import dev.antiphon.backplane.Redis;
import dev.antiphon.backplane.Script;
import dev.antiphon.backplane.log.Admission;
import dev.antiphon.backplane.log.Generation;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/// `newest.lua`: turns of a session, and the log's cursor behind the history.
final class NewestScript {

    private static final Script SCRIPT =
            Script.load(
                    NewestScript.class,
                    "/dev/antiphon/backplane/log/owner.lua",
                    "/dev/antiphon/backplane/log/looks.lua",
                    "/dev/antiphon/backplane/log/entries.lua",
                    "newest.lua");

    private static final int MOST_BYTES = 256 * 1024;

    /// How long a log is kept that a reader began by reading the history alone.
    private static final Duration KEEP_UNUSED = Duration.ofHours(1);

    private final Redis redis;
    private final Admission admission;

    NewestScript(Redis redis, Admission admission) {
        this.redis = redis;
        this.admission = admission;
    }

    CompletionStage<Optional<Recent>> call(
            SessionId session, UserId user, Optional<MessageId> before, int most) {
        String[] keys = {
            Keys.meta(session),
            Keys.log(session),
            Keys.history(session),
            Keys.turns(session),
            Keys.activity(session),
            Keys.waiting(session),
            Keys.runs(session),
            Keys.OPEN
        };
        return admission
                .look(
                        session,
                        word ->
                                redis.call(
                                        SCRIPT,
                                        keys,
                                        bytes(user.value()),
                                        bytes(most),
                                        bytes(MOST_BYTES),
                                        bytes(before.map(MessageId::value).orElse("")),
                                        bytes(Keys.runPrefix(session)),
                                        bytes(Generation.draw()),
                                        bytes(KEEP_UNUSED.toSeconds()),
                                        bytes(word.owner()),
                                        bytes(word.latest()),
                                        bytes(word.incarnation()),
                                        bytes(session.value())))
                .thenApply(answer ->
                        text(answer.getFirst()).equals("OK")
                                ? Optional.of(recent(answer))
                                : Optional.empty());
    }

    private static Recent recent(List<Object> answer) {
        EntryId cursor =
                new EntryId(
                        number(answer.get(1)),
                        number(answer.get(2)),
                        Integer.parseUnsignedInt(text(answer.get(3)), 16));
        return new Recent(
                list(answer.get(4)).stream()
                        .map(Redis::list)
                        .map(turn -> Turn.withActivity((byte[]) turn.get(0), (byte[]) turn.get(1)))
                        .toList(),
                cursor,
                number(answer.get(5)) == 1);
    }
}
