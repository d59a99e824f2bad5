package dev.antiphon.backplane.history;

import static dev.antiphon.backplane.Redis.bytes;
import static dev.antiphon.backplane.Redis.list;
import static dev.antiphon.backplane.Redis.number;
import static dev.antiphon.backplane.Redis.text;

import dev.antiphon.backplane.Members;
import dev.antiphon.backplane.Redis;
import dev.antiphon.backplane.Retention;
import dev.antiphon.backplane.Script;
import dev.antiphon.backplane.Unavailable;
import dev.antiphon.backplane.log.Admission;
import dev.antiphon.backplane.log.Generation;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkflowRequest;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/// The conversations in Redis, next to the logs.
public final class RedisHistory implements History, Conversations {

    /// Entries that a session's log keeps: no reader wants a replay of several hours of streaming at 10 chunks a
    /// second. More entries are kept only until they are in the history.
    private static final int LOG_ENTRIES = 10_000;

    /// A page of the log: Redis reads it in about a millisecond, and serves other callers between two pages.
    private static final int PAGE_ENTRIES = 500;

    private static final int PAGE_BYTES = 256 * 1024;

    /// How long after a failure to settle a session the next attempt follows.
    private static final Duration SETTLE_AGAIN = Duration.ofSeconds(30);

    /// How long a log is kept that a reader began by reading the history alone.
    private static final Duration KEEP_UNUSED = Duration.ofHours(1);

    private static final int NEWEST_TURNS = 50;
    private static final int NEWEST_BYTES = 256 * 1024;

    /// Turns of a path: more than any model reads, and an end for circular paths, which plain publishers can create.
    private static final int MOST_TURNS_BEFORE = 1_000;

    private static final String OWNER = "/dev/antiphon/backplane/log/owner.lua";
    private static final String LOOKS = "/dev/antiphon/backplane/log/looks.lua";
    private static final String ENTRIES = "/dev/antiphon/backplane/log/entries.lua";

    private static final Script UNSETTLED = Script.load(RedisHistory.class, "unsettled.lua");
    private static final Script DUE = Script.load(RedisHistory.class, "due.lua");
    private static final Script SETTLE = Script.load(RedisHistory.class, "settle.lua");
    private static final Script NEWEST =
            Script.load(RedisHistory.class, OWNER, LOOKS, ENTRIES, "newest.lua");
    private static final Script BEFORE = Script.load(RedisHistory.class, "before.lua");
    private static final Script SESSIONS = Script.load(RedisHistory.class, "sessions.lua");
    private static final Script ASKED = Script.load(RedisHistory.class, OWNER, "asked.lua");
    private static final Script ERASE =
            Script.load(
                    RedisHistory.class,
                    OWNER,
                    "/dev/antiphon/backplane/log/cleanup.lua",
                    "erase.lua");

    /// Sessions that a user's list keeps; the oldest are removed.
    private static final int MOST_SESSIONS = 10_000;

    private final Redis redis;
    private final Admission admission;
    private final Duration keep;
    private final RedisUserSessions lists;

    /// @param admission decides who may see a session
    /// @param keep how long a conversation is kept after its last answer
    public RedisHistory(Redis redis, Admission admission, Duration keep) {
        this.redis = redis;
        this.admission = admission;
        this.keep = keep;
        this.lists = new RedisUserSessions(redis);
    }

    /// With {@link Retention#USUAL}.
    public RedisHistory(Redis redis) {
        this(redis, new Admission(Optional.empty()), Retention.USUAL.history());
    }

    @Override
    public CompletionStage<Void> settle(SessionId session) {
        return unsettled(session)
                .thenCompose(found ->
                        found.isEmpty()
                                ? CompletableFuture.completedStage(null)
                                : settled(session, found.get())
                                        .thenCompose(
                                                moved -> afterwards(session, found.get(), moved)));
    }

    /// Continues with the answers that have ended behind a settled piece.
    private CompletionStage<Void> afterwards(SessionId session, Unsettled done, boolean moved) {
        if (moved && done.incomplete()) {
            return CompletableFuture.failedStage(lost(session, done));
        }
        return moved && done.more() ? settle(session) : CompletableFuture.completedStage(null);
    }

    /// Reported once, for entries that are lost and were in no history.
    static IllegalStateException lost(SessionId session, Unsettled done) {
        return new IllegalStateException(
                "the log of session %s has lost entries before %d that were not in the history"
                        .formatted(session, done.upTo()));
    }

    /// The next piece that can be settled, if any. Fails with {@link Unavailable} when Redis loses the log meanwhile.
    CompletionStage<Optional<Unsettled>> unsettled(SessionId session) {
        return Settlement.read(after -> page(session, after));
    }

    private CompletionStage<Optional<LogPage>> page(SessionId session, @Nullable EntryId after) {
        String[] keys = {Keys.meta(session), Keys.log(session), Keys.UNSETTLED};
        return redis.call(
                        UNSETTLED,
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

    /// Stores turns, if there are any, and records up to where the log is settled.
    ///
    /// @return false when the log was replaced meanwhile, or has lost that place: nothing was stored
    CompletionStage<Boolean> settled(SessionId session, Unsettled ended) {
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
            arguments.add(bytes(turn.activity()));
        }
        String[] keys = {
            Keys.meta(session),
            Keys.log(session),
            Keys.history(session),
            Keys.turns(session),
            Keys.sessions(ended.owner()),
            Keys.UNSETTLED,
            Keys.activity(session)
        };
        return redis.call(SETTLE, keys, arguments.toArray(byte[][]::new))
                .thenApply(answer -> number(answer.getFirst()) == 1);
    }

    @Override
    public CompletionStage<List<SessionId>> unsettledSessions(int most) {
        return redis.call(
                        DUE,
                        new String[] {Keys.UNSETTLED},
                        bytes(SETTLE_AGAIN.toMillis()),
                        bytes(most))
                .thenApply(sessions ->
                        sessions.stream().map(each -> new SessionId(text(each))).toList());
    }

    /// The message that another follows.
    ///
    /// @param asks the user who asked the other message
    record Parent(MessageId message, UserId asks) {}

    /// The message that another follows; empty when it follows none or is not known.
    CompletionStage<Optional<Parent>> parent(SessionId session, MessageId message) {
        return redis.send(commands -> commands.hmget(Keys.run(session, message), "parent", "owner"))
                .thenApply(found -> {
                    byte[] parent = found.get(0).getValueOrElse(new byte[0]);
                    byte[] owner = found.get(1).getValueOrElse(new byte[0]);
                    return parent.length == 0 || owner.length == 0
                            ? Optional.empty()
                            : Optional.of(
                                    new Parent(
                                            new MessageId(text(parent)), new UserId(text(owner))));
                });
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
                                        NEWEST,
                                        keys,
                                        bytes(user.value()),
                                        bytes(most),
                                        bytes(NEWEST_BYTES),
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

    @Override
    public CompletionStage<Sessions> sessions(
            UserId user, Optional<Sessions.Place> before, int most) {
        return redis.call(
                        SESSIONS,
                        new String[] {Keys.sessions(user)},
                        bytes(Keys.HISTORY_PREFIX),
                        bytes(most),
                        bytes(keep.toSeconds()),
                        bytes(before.map(place -> "" + place.updatedMillis()).orElse("")),
                        bytes(before.map(place -> place.session().value()).orElse("")),
                        bytes(user.value()),
                        bytes(Keys.META_PREFIX))
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
    public CompletionStage<List<SessionState>> newest(UserId user) {
        return newest(user, this);
    }

    /// As {@link #newest(UserId)}, of conversations that are kept elsewhere.
    CompletionStage<List<SessionState>> newest(UserId user, Conversations list) {
        return lists.newest(user, list);
    }

    @Override
    public CompletionStage<List<SessionState>> states(UserId user, List<SessionId> sessions) {
        return lists.states(user, sessions);
    }

    @Override
    public CompletionStage<Boolean> rename(SessionId session, UserId user, String title) {
        return renamed(session, user, title).thenApply(Optional::isPresent);
    }

    /// As {@link #rename}; see {@link RedisUserSessions#rename}.
    CompletionStage<Optional<String>> renamed(SessionId session, UserId user, String title) {
        return lists.rename(session, user, title);
    }

    @Override
    public CompletionStage<Optional<WorkflowRequest>> asked(
            SessionId session, UserId user, MessageId message) {
        String[] keys = {
            Keys.meta(session),
            Keys.run(session, message),
            Keys.history(session),
            Keys.waiting(session),
            Keys.runs(session)
        };
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
        return erase(session, user, List.of());
    }

    /// Also arranges the removal of the data that services keep under names that only a database knows.
    ///
    /// @param incarnations of the user's session; none when the database does not know it as the user's
    CompletionStage<Optional<Erased>> erase(
            SessionId session, UserId user, List<String> incarnations) {
        List<String> keys =
                new ArrayList<>(
                        List.of(
                                Keys.meta(session),
                                Keys.runs(session),
                                Keys.connections(session),
                                Keys.OPEN,
                                Keys.sessions(user),
                                Keys.UNSETTLED,
                                Keys.CLEANUPS,
                                Keys.CLEANUP_DETAILS,
                                Keys.history(session),
                                Keys.waiting(session)));
        keys.addAll(Keys.ofSession(session));
        List<byte[]> arguments =
                new ArrayList<>(
                        List.of(
                                bytes(user.value()),
                                bytes(session.value()),
                                bytes(Keys.WORKING_PREFIX),
                                bytes(Keys.runPrefix(session)),
                                bytes(Keys.LEASE_PREFIX),
                                bytes(incarnations.size())));
        incarnations.forEach(each -> arguments.add(bytes(each)));
        Keys.ofMessage(session).forEach(prefix -> arguments.add(bytes(prefix)));
        return redis.call(ERASE, keys.toArray(String[]::new), arguments.toArray(byte[][]::new))
                .thenCombine(
                        lists.forget(user, session),
                        (answer, _) ->
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
