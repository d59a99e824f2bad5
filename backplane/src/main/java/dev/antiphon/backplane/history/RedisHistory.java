package dev.antiphon.backplane.history;

import static dev.antiphon.backplane.Redis.text;

import dev.antiphon.backplane.Redis;
import dev.antiphon.backplane.Retention;
import dev.antiphon.backplane.Unavailable;
import dev.antiphon.backplane.log.Admission;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkflowRequest;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/// The conversations in Redis, next to the logs. Each operation is one script, with a class of its own that knows its
/// keys, arguments and answer.
public final class RedisHistory implements History, Conversations {

    private static final int NEWEST_TURNS = 50;

    private final Redis redis;
    private final UnsettledScript unsettled;
    private final SettleScript settle;
    private final DueScript due;
    private final NewestScript newest;
    private final BeforeScript before;
    private final SessionsScript sessions;
    private final AskedScript asked;
    private final EraseScript erase;
    private final RedisUserSessions lists;

    /// @param admission decides who may see a session
    /// @param keep how long a conversation is kept after its last answer
    public RedisHistory(Redis redis, Admission admission, Duration keep) {
        this.redis = redis;
        this.unsettled = new UnsettledScript(redis);
        this.settle = new SettleScript(redis, keep);
        this.due = new DueScript(redis);
        this.newest = new NewestScript(redis, admission);
        this.before = new BeforeScript(redis);
        this.sessions = new SessionsScript(redis, keep);
        this.asked = new AskedScript(redis);
        this.erase = new EraseScript(redis);
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
        return Settlement.read(after -> unsettled.call(session, after));
    }

    /// Stores turns, if there are any, and records up to where the log is settled.
    ///
    /// @return false when the log was replaced meanwhile, or has lost that place: nothing was stored
    CompletionStage<Boolean> settled(SessionId session, Unsettled ended) {
        return settle.call(session, ended);
    }

    @Override
    public CompletionStage<List<SessionId>> unsettledSessions(int most) {
        return due.call(most);
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
        return before.call(session, message, mostCharacters);
    }

    @Override
    public CompletionStage<Optional<Recent>> newest(SessionId session, UserId user) {
        return turns(session, user, Optional.empty(), NEWEST_TURNS);
    }

    @Override
    public CompletionStage<Optional<Recent>> turns(
            SessionId session, UserId user, Optional<MessageId> end, int most) {
        return newest.call(session, user, end, most);
    }

    @Override
    public CompletionStage<Sessions> sessions(UserId user, Optional<Sessions.Place> end, int most) {
        return sessions.call(user, end, most);
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
    public CompletionStage<List<SessionState>> states(UserId user, List<SessionId> each) {
        return lists.states(user, each);
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
        return asked.call(session, user, message);
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
        return erase.call(session, user, incarnations)
                .thenCombine(lists.forget(user, session), (erased, _) -> erased);
    }
}
