package dev.antiphon.backplane.history;

import static dev.antiphon.backplane.history.Database.join;
import static dev.antiphon.backplane.history.Sql.lock;

import dev.antiphon.backplane.DatabaseSettings;
import dev.antiphon.backplane.Redis;
import dev.antiphon.backplane.log.Admission;
import dev.antiphon.backplane.log.Durable;
import dev.antiphon.backplane.log.RedisParking;
import dev.antiphon.backplane.log.RedisSessionLog;
import dev.antiphon.backplane.log.SessionLog;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkflowRequest;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/// The conversations in PostgreSQL, filled from the logs in Redis.
///
/// Turns are committed before the log records it. A turn that is stored twice is in the table once, by its message id.
/// Settling and erasing a session take the same lock before they read the log, so a turn that was read before an
/// erasure is not written after it.
public final class PostgresHistory implements History, Conversations, Durable, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(PostgresHistory.class);

    private static final int NEWEST_TURNS = 50;

    /// Sessions that are removed in one transaction: short locks, and no other task waits long for one.
    private static final int FORGET_AT_ONCE = 500;

    private static final Duration FORGET_EVERY = Duration.ofMinutes(10);

    private final Database database;
    private final RedisHistory log;
    private final ParkedRuns parked;
    private final Duration keep;
    private final Thread forgetting;

    private PostgresHistory(Database database, Redis redis, Duration keep) {
        this.database = database;
        this.log = new RedisHistory(redis, new Admission(Optional.of(this)), keep);
        this.parked = new ParkedRuns(database, new RedisParking(redis));
        this.keep = keep;
        this.forgetting = Thread.ofVirtual().name("history-forget").unstarted(this::forgetAll);
    }

    /// Connects; see {@link Database#open}.
    ///
    /// @param redis the server with the logs; conversations there are left alone
    /// @param keep how long a conversation is kept after its last answer
    public static PostgresHistory open(DatabaseSettings settings, Redis redis, Duration keep)
            throws InterruptedException {
        PostgresHistory history = new PostgresHistory(Database.open(settings), redis, keep);
        history.forgetting.start();
        return history;
    }

    /// The log in Redis, with copies of its parked runs here.
    public SessionLog parking(RedisSessionLog redis) {
        return new ParkingSessionLog(redis, parked);
    }

    // Filling

    @Override
    public CompletionStage<Void> settle(SessionId session) {
        return log.unsettled(session)
                .thenCompose(found ->
                        found.isEmpty()
                                ? CompletableFuture.completedStage(null)
                                : database.ask(connection -> stored(connection, session))
                                        .thenCompose(stored ->
                                                stored.isEmpty()
                                                        ? CompletableFuture.completedStage(null)
                                                        : marked(session, stored.get())));
    }

    private Optional<Unsettled> stored(Connection connection, SessionId session)
            throws SQLException {
        lock(connection, session);
        // Read again under the lock: see above.
        Optional<Unsettled> ended = join(log.unsettled(session));
        if (ended.isPresent()) {
            ConversationRows.store(connection, session, ended.get());
        }
        return ended;
    }

    /// Records in the log how much is stored, and continues with the answers that have ended behind it.
    private CompletionStage<Void> marked(SessionId session, Unsettled stored) {
        return log.settled(session, stored.without())
                .thenCompose(moved -> {
                    if (moved && stored.incomplete()) {
                        return CompletableFuture.failedStage(RedisHistory.lost(session, stored));
                    }
                    return moved && stored.more()
                            ? settle(session)
                            : CompletableFuture.completedStage(null);
                });
    }

    @Override
    public CompletionStage<List<SessionId>> unsettledSessions(int most) {
        return log.unsettledSessions(most);
    }

    // Owners

    @Override
    public CompletionStage<Optional<Known>> session(SessionId session) {
        return database.ask(connection -> {
            Optional<Known> answered = ConversationRows.answered(connection, session);
            Optional<Known> waits = ParkedRuns.known(connection, session);
            Optional<Known> known = answered.or(() -> waits);
            if (waits.isPresent()) {
                parked.bringAllBack(connection, session, known.orElseThrow().owner());
            }
            return known;
        });
    }

    // Reading

    @Override
    public CompletionStage<List<Said>> before(
            SessionId session, MessageId message, int mostCharacters) {
        return log.parent(session, message)
                .thenCompose(parent ->
                        parent.isEmpty()
                                ? CompletableFuture.completedStage(List.of())
                                : database.ask(connection ->
                                        ConversationRows.path(
                                                connection,
                                                session,
                                                parent.get(),
                                                mostCharacters)));
    }

    @Override
    public CompletionStage<Optional<Recent>> newest(SessionId session, UserId user) {
        return turns(session, user, Optional.empty(), NEWEST_TURNS);
    }

    /// The cursor first: a turn that is settled meanwhile is then sent twice rather than never.
    @Override
    public CompletionStage<Optional<Recent>> turns(
            SessionId session, UserId user, Optional<MessageId> before, int most) {
        return log.turns(session, user, Optional.empty(), 1)
                .thenCompose(cursor ->
                        cursor.isEmpty()
                                ? CompletableFuture.completedStage(Optional.empty())
                                : database.ask(connection ->
                                        Optional.of(
                                                ConversationRows.page(
                                                        connection,
                                                        session,
                                                        user,
                                                        before,
                                                        most,
                                                        cursor.get()))));
    }

    @Override
    public CompletionStage<Sessions> sessions(
            UserId user, Optional<Sessions.Place> before, int most) {
        Instant since = Instant.now().minus(keep);
        return database.ask(
                connection -> ConversationRows.sessions(connection, user, since, before, most));
    }

    @Override
    public CompletionStage<List<SessionState>> newest(UserId user) {
        return log.newest(user, this);
    }

    /// Running messages are in Redis. Ended ones, titles, and runs that still waited when Redis was lost are here.
    @Override
    public CompletionStage<List<SessionState>> states(UserId user, List<SessionId> sessions) {
        return sessions.isEmpty()
                ? CompletableFuture.completedStage(List.of())
                : log.states(user, sessions)
                        .thenCombine(
                                database.ask(connection ->
                                        ConversationRows.kept(connection, user, sessions)),
                                PostgresHistory::joined);
    }

    private static List<SessionState> joined(
            List<SessionState> inRedis, List<ConversationRows.Kept> here) {
        List<SessionState> joined = new ArrayList<>();
        for (int i = 0; i < inRedis.size(); i++) {
            joined.add(joined(inRedis.get(i), here.get(i)));
        }
        return joined;
    }

    private static SessionState joined(SessionState inRedis, ConversationRows.Kept here) {
        String title = here.title() == null ? inRedis.title() : here.title();
        if (inRedis.state() != SessionState.State.DELETED) {
            return new SessionState(inRedis.session(), inRedis.state(), title);
        } else if (here.parked()) {
            return new SessionState(inRedis.session(), SessionState.State.WAITING, title);
        }
        return here.title() == null
                ? inRedis
                : new SessionState(inRedis.session(), SessionState.State.IDLE, title);
    }

    /// A session without an ended answer gets its row now: the first answer does not change its title. Under the lock,
    /// so that the row cannot follow an erasure.
    @Override
    public CompletionStage<Boolean> rename(SessionId session, UserId user, String title) {
        return database.ask(connection -> {
            lock(connection, session);
            if (ConversationRows.rename(connection, session, user, title)) {
                return true;
            }
            Optional<String> incarnation = join(log.renamed(session, user, title));
            return incarnation.isPresent()
                    && ConversationRows.begin(connection, session, user, title, incarnation.get());
        });
    }

    @Override
    public CompletionStage<Optional<WorkflowRequest>> asked(
            SessionId session, UserId user, MessageId message) {
        return log.asked(session, user, message)
                .thenCompose(found ->
                        found.isPresent()
                                ? CompletableFuture.completedStage(found)
                                : database.ask(connection ->
                                        ConversationRows.turn(connection, session, user, message)));
    }

    // Forgetting

    /// The log first: an entry that is no longer in it cannot be settled. All under the lock, because otherwise a
    /// waiting run could be restored between the two steps.
    @Override
    public CompletionStage<Optional<Erased>> erase(SessionId session, UserId user) {
        return database.ask(connection -> {
            lock(connection, session);
            List<String> incarnations = ConversationRows.incarnations(connection, session, user);
            Optional<Erased> erased = join(log.erase(session, user, incarnations));
            int rows = ParkedRuns.removeAll(connection, session, user);
            rows += ConversationRows.remove(connection, session, user);
            return rows == 0 ? erased : erased.or(Erased::nothingGoingOn);
        });
    }

    private void forgetAll() {
        try {
            while (true) {
                forgetAllOnce();
                Thread.sleep(FORGET_EVERY);
            }
        } catch (InterruptedException e) {
            // closing
        }
    }

    private void forgetAllOnce() {
        try {
            int forgotten;
            do {
                forgotten = join(forget(FORGET_AT_ONCE));
            } while (forgotten == FORGET_AT_ONCE);
        } catch (RuntimeException e) { // the next attempt can succeed
            LOG.atWarn().setCause(e).log("removing old conversations failed, retrying later");
        }
    }

    /// Removes the oldest expired sessions, and the runs whose users have not answered in time.
    ///
    /// @return how many
    CompletionStage<Integer> forget(int most) {
        return database.ask(connection -> {
            ParkedRuns.removeOverdue(connection, most);
            return ConversationRows.removeOld(connection, Instant.now().minus(keep), most);
        });
    }

    @Override
    public void close() {
        forgetting.interrupt();
        database.close();
    }
}
