package dev.antiphon.backplane.history;

import static dev.antiphon.backplane.Redis.bytes;
import static dev.antiphon.backplane.Redis.list;
import static dev.antiphon.backplane.Redis.number;
import static dev.antiphon.backplane.Redis.text;

import dev.antiphon.backplane.BackplaneSettings;
import dev.antiphon.backplane.Members;
import dev.antiphon.backplane.Redis;
import dev.antiphon.backplane.Script;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkflowRequest;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/// The conversations in Redis, beside the logs.
public final class RedisHistory implements History, Conversations {

    /// Entries that a session's log keeps: several hours of streaming at 10 chunks a second would not be replayed by
    /// anyone. More are kept only while they are not in the history.
    private static final int LOG_ENTRIES = 10_000;

    /// Entries that are settled in one call; twice what a log keeps, so that an answer fits.
    private static final int MOST_ENTRIES = 2 * LOG_ENTRIES;

    private static final int NEWEST_TURNS = 50;
    private static final int NEWEST_BYTES = 256 * 1024;

    /// Turns of a path: more than any model reads, and an end to paths that lead in a circle, as plain publishers can
    /// make them.
    private static final int MOST_TURNS_BEFORE = 1_000;

    private static final Script UNSETTLED = Script.load(RedisHistory.class, "unsettled.lua");
    private static final Script SETTLE = Script.load(RedisHistory.class, "settle.lua");
    private static final Script NEWEST = Script.load(RedisHistory.class, "newest.lua");
    private static final Script BEFORE = Script.load(RedisHistory.class, "before.lua");
    private static final Script SESSIONS = Script.load(RedisHistory.class, "sessions.lua");
    private static final Script ASKED = Script.load(RedisHistory.class, "asked.lua");
    private static final Script ERASE = Script.load(RedisHistory.class, "erase.lua");

    /// Sessions that a user's list keeps; the oldest make room.
    private static final int MOST_SESSIONS = 10_000;

    private final Redis redis;
    private final Duration keep;

    /// @param keep how long a conversation is kept after its last answer
    public RedisHistory(Redis redis, Duration keep) {
        this.redis = redis;
        this.keep = keep;
    }

    /// With {@link BackplaneSettings#KEEP_HISTORY}.
    public RedisHistory(Redis redis) {
        this(redis, BackplaneSettings.KEEP_HISTORY);
    }

    @Override
    public CompletionStage<Void> settle(SessionId session) {
        return unsettled(session)
                .thenCompose(ended ->
                        ended.isPresent()
                                ? settled(session, ended.get())
                                : CompletableFuture.completedStage(null));
    }

    /// What there is to settle, if anything.
    CompletionStage<Optional<Unsettled>> unsettled(SessionId session) {
        String[] keys = {Keys.meta(session), Keys.log(session)};
        return redis.call(UNSETTLED, keys, bytes(Keys.runPrefix(session)), bytes(MOST_ENTRIES))
                .thenApply(answer ->
                        text(answer.getFirst()).equals("OK")
                                ? Optional.of(unsettled(answer))
                                : Optional.empty());
    }

    private static Unsettled unsettled(List<Object> answer) {
        Turns turns = new Turns(asked(list(answer.get(5))));
        for (Object each : list(answer.get(4))) {
            List<Object> entry = list(each);
            turns.add(EventName.of(text(entry.get(0))), (byte[]) entry.get(1));
        }
        return new Unsettled(
                number(answer.get(1)),
                number(answer.get(2)),
                text(answer.get(7)),
                new UserId(text(answer.get(3))),
                Instant.ofEpochMilli(number(answer.get(6))),
                turns.ended());
    }

    /// Stores turns, if there are any, and says up to where the log is settled.
    CompletionStage<Void> settled(SessionId session, Unsettled ended) {
        List<Turn> turns = ended.turns();
        List<byte[]> arguments = new ArrayList<>();
        arguments.add(bytes(ended.generation()));
        arguments.add(bytes(ended.upTo()));
        arguments.add(bytes(LOG_ENTRIES));
        arguments.add(bytes(keep.toSeconds()));
        arguments.add(bytes(session.value()));
        arguments.add(bytes(turns.isEmpty() ? "" : turns.getFirst().title()));
        arguments.add(bytes(MOST_SESSIONS));
        arguments.add(bytes(ended.hash()));
        for (Turn turn : turns) {
            arguments.add(bytes(turn.request().messageId().value()));
            arguments.add(turn.json());
        }
        String[] keys = {
            Keys.meta(session),
            Keys.log(session),
            Keys.history(session),
            Keys.turns(session),
            Keys.sessions(ended.owner())
        };
        return redis.call(SETTLE, keys, arguments.toArray(byte[][]::new)).thenAccept(_ -> {});
    }

    /// The message that another follows; empty when it follows none or is not known.
    CompletionStage<Optional<MessageId>> parent(SessionId session, MessageId message) {
        return redis.send(commands -> commands.hget(Keys.run(session, message), "parent"))
                .thenApply(parent ->
                        parent == null || parent.length == 0
                                ? Optional.empty()
                                : Optional.of(new MessageId(text(parent))));
    }

    private static Map<MessageId, Asked> asked(List<Object> runs) {
        Map<MessageId, Asked> asked = new HashMap<>();
        for (Object each : runs) {
            List<Object> run = list(each);
            String parent = text(run.get(2));
            if (((byte[]) run.get(1)).length > 0) {
                asked.put(
                        new MessageId(text(run.getFirst())),
                        new Asked(
                                WorkflowRequest.decodeStored((byte[]) run.get(1)),
                                parent.isEmpty() ? null : new MessageId(parent)));
            }
        }
        return asked;
    }

    @Override
    public CompletionStage<List<Said>> before(
            SessionId session, MessageId message, int mostCharacters) {
        String[] keys = {Keys.run(session, message), Keys.history(session)};
        return redis.call(BEFORE, keys, bytes(mostCharacters), bytes(MOST_TURNS_BEFORE))
                .thenApply(turns -> turns.stream().map(turn -> Turn.said((byte[]) turn)).toList());
    }

    @Override
    public CompletionStage<Optional<Recent>> newest(SessionId session, UserId user) {
        return turns(session, user, Optional.empty(), NEWEST_TURNS);
    }

    @Override
    public CompletionStage<Optional<Recent>> turns(
            SessionId session, UserId user, Optional<MessageId> before, int most) {
        String[] keys = {
            Keys.meta(session), Keys.log(session), Keys.history(session), Keys.turns(session)
        };
        return redis.call(
                        NEWEST,
                        keys,
                        bytes(user.value()),
                        bytes(most),
                        bytes(NEWEST_BYTES),
                        bytes(before.map(MessageId::value).orElse("")))
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
                list(answer.get(4)).stream().map(turn -> (byte[]) turn).toList(),
                cursor,
                number(answer.get(5)) == 1);
    }

    @Override
    public CompletionStage<Sessions> sessions(
            UserId user, Optional<Sessions.Place> before, int most) {
        return redis.call(
                        SESSIONS,
                        new String[] {Keys.sessions(user)},
                        bytes(Keys.META_PREFIX),
                        bytes(most),
                        bytes(keep.toSeconds()),
                        bytes(before.map(place -> "" + place.updatedMillis()).orElse("")),
                        bytes(before.map(place -> place.session().value()).orElse("")))
                .thenApply(answer ->
                        Sessions.of(
                                list(answer.getFirst()).stream()
                                        .map(each -> summary(list(each)))
                                        .toList(),
                                number(answer.get(1)) == 1));
    }

    private static Sessions.Summary summary(List<Object> fields) {
        return new Sessions.Summary(
                new SessionId(text(fields.get(0))),
                text(fields.get(1)),
                Instant.ofEpochMilli(number(fields.get(2))),
                Instant.ofEpochMilli(number(fields.get(3))));
    }

    @Override
    public CompletionStage<Optional<WorkflowRequest>> asked(
            SessionId session, UserId user, MessageId message) {
        String[] keys = {Keys.meta(session), Keys.run(session, message), Keys.history(session)};
        return redis.call(ASKED, keys, bytes(user.value()), bytes(message.value()))
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

    @Override
    public CompletionStage<Optional<Erased>> erase(SessionId session, UserId user) {
        List<String> keys =
                new ArrayList<>(
                        List.of(
                                Keys.meta(session),
                                Keys.runs(session),
                                Keys.connections(session),
                                Keys.OPEN,
                                Keys.sessions(user)));
        keys.addAll(Keys.ofSession(session));
        List<byte[]> arguments =
                new ArrayList<>(
                        List.of(
                                bytes(user.value()),
                                bytes(session.value()),
                                bytes(Keys.WORKING_PREFIX)));
        Keys.ofMessage(session).forEach(prefix -> arguments.add(bytes(prefix)));
        return redis.call(ERASE, keys.toArray(String[]::new), arguments.toArray(byte[][]::new))
                .thenApply(answer ->
                        text(answer.getFirst()).equals("OK")
                                ? Optional.of(erased(answer))
                                : Optional.empty());
    }

    private static Erased erased(List<Object> answer) {
        String active = text(answer.get(1));
        return new Erased(
                active.isEmpty() ? Optional.empty() : Optional.of(new MessageId(active)),
                Members.pods(list(answer.get(2))));
    }
}
