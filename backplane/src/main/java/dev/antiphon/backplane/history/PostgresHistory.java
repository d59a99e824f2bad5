package dev.antiphon.backplane.history;

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

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/// The conversations in PostgreSQL, filled from the logs in Redis.
///
/// Turns are committed before the log records it. A turn that is stored twice is in the table once, by its message id.
/// Settling and erasing a session take the same lock before they read the log, so a turn that was read before an
/// erasure is not written after it.
public final class PostgresHistory implements History, Conversations, Durable, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(PostgresHistory.class);

    private static final int NEWEST_TURNS = 50;
    private static final int NEWEST_BYTES = 256 * 1024;
    private static final int MOST_TURNS_BEFORE = 1_000;

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
            store(connection, session, ended.get());
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

    static <T> T join(CompletionStage<T> stage) {
        try {
            return stage.toCompletableFuture().join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    static void lock(Connection connection, SessionId session) throws SQLException {
        try (PreparedStatement statement =
                prepared(
                        connection,
                        "SELECT pg_advisory_xact_lock(hashtextextended(?, 0))",
                        session.value())) {
            statement.execute();
        }
    }

    private static void store(Connection connection, SessionId session, Unsettled ended)
            throws SQLException {
        if (ended.turns().isEmpty()) {
            return;
        }
        update(
                connection,
                """
                INSERT INTO chat_session AS s (session_id, user_id, title, created, incarnation, updated)
                VALUES (?, ?, ?, ?, ?, date_trunc('milliseconds', clock_timestamp()))
                ON CONFLICT (session_id) DO UPDATE SET incarnation = excluded.incarnation
                WHERE s.user_id = excluded.user_id AND s.incarnation = ''\
                """,
                session.value(),
                ended.owner().value(),
                ended.turns().getFirst().title(),
                Timestamp.from(ended.created()),
                ended.incarnation());
        if (!isOwner(connection, session, ended.owner())) {
            // Redis was lost, and another user has named the session since.
            LOG.atError()
                    .addKeyValue("session", session)
                    .log("a session belongs to another user in the history; not stored");
            return;
        }
        int changed = 0;
        for (Turn turn : ended.turns()) {
            changed += put(connection, session, turn);
            var _ = ParkedRuns.remove(connection, session, turn.request().messageId());
        }
        if (changed > 0) {
            update(
                    connection,
                    """
                    UPDATE chat_session SET updated = date_trunc('milliseconds', clock_timestamp())
                    WHERE session_id = ?\
                    """,
                    session.value());
        }
    }

    /// Stores a turn. A message that was answered again because Redis had lost its first answer keeps its place and
    /// gets the answer that the log has now: readers saw that one last.
    ///
    /// @return 0 when the turn was already stored
    private static int put(Connection connection, SessionId session, Turn turn)
            throws SQLException {
        MessageId parent = turn.parent();
        return update(
                connection,
                """
                INSERT INTO chat_turn (session_id, message_id, place, parent_id, characters, turn, activity)
                SELECT ?, ?, coalesce(max(place), 0) + 1, ?, ?, ?, ? FROM chat_turn WHERE session_id = ?
                ON CONFLICT (session_id, message_id) DO UPDATE
                SET parent_id = excluded.parent_id, characters = excluded.characters, turn = excluded.turn,
                    activity = excluded.activity
                WHERE (chat_turn.turn, chat_turn.activity) <> (excluded.turn, excluded.activity)\
                """,
                session.value(),
                turn.request().messageId().value(),
                parent == null ? null : parent.value(),
                characters(turn.request().message()) + characters(turn.answer()),
                new String(turn.json(), StandardCharsets.UTF_8),
                turn.activity(),
                session.value());
    }

    private static int characters(String text) {
        return text.codePointCount(0, text.length());
    }

    private static boolean isOwner(Connection connection, SessionId session, UserId user)
            throws SQLException {
        return !rows(
                        connection,
                        row -> row.getString(1),
                        "SELECT session_id FROM chat_session WHERE session_id = ? AND user_id = ?",
                        session.value(),
                        user.value())
                .isEmpty();
    }

    // Owners

    @Override
    public CompletionStage<Optional<Known>> session(SessionId session) {
        return database.ask(connection -> {
            Optional<Known> answered = answered(connection, session);
            Optional<Known> waits = ParkedRuns.known(connection, session);
            Optional<Known> known = answered.or(() -> waits);
            if (waits.isPresent()) {
                parked.bringAllBack(connection, session, known.orElseThrow().owner());
            }
            return known;
        });
    }

    private static Optional<Known> answered(Connection connection, SessionId session)
            throws SQLException {
        return rows(
                        connection,
                        row ->
                                new Known(
                                        new UserId(row.getString(1)),
                                        Optional.ofNullable(row.getString(2)).map(MessageId::new),
                                        row.getString(3)),
                        """
                        SELECT user_id, (SELECT message_id FROM chat_turn t
                            WHERE t.session_id = s.session_id ORDER BY place DESC LIMIT 1), incarnation
                        FROM chat_session s WHERE session_id = ?\
                        """,
                        session.value())
                .stream()
                .findFirst();
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
                                        path(connection, session, parent.get(), mostCharacters)));
    }

    private static List<Said> path(
            Connection connection, SessionId session, RedisHistory.Parent from, int mostCharacters)
            throws SQLException {
        return rows(
                connection,
                row -> Turn.said(bytes(row.getString(1))),
                """
                WITH RECURSIVE path AS (
                    SELECT turn, parent_id, 1 AS length, characters::bigint AS size
                    FROM chat_turn JOIN chat_session USING (session_id)
                    WHERE session_id = ? AND user_id = ? AND message_id = ? AND characters <= ?
                  UNION ALL
                    SELECT t.turn, t.parent_id, p.length + 1, p.size + t.characters
                    FROM path p JOIN chat_turn t ON t.session_id = ? AND t.message_id = p.parent_id
                    WHERE p.size + t.characters <= ? AND p.length < ?
                )
                SELECT turn FROM path ORDER BY length\
                """,
                session.value(),
                from.asks().value(),
                from.message().value(),
                mostCharacters,
                session.value(),
                mostCharacters,
                MOST_TURNS_BEFORE);
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
                                                page(
                                                        connection,
                                                        session,
                                                        user,
                                                        before,
                                                        most,
                                                        cursor.get()))));
    }

    private static Recent page(
            Connection connection,
            SessionId session,
            UserId user,
            Optional<MessageId> before,
            int most,
            Recent cursor)
            throws SQLException {
        List<byte[]> found =
                rows(
                        connection,
                        row -> Turn.withActivity(bytes(row.getString(1)), bytes(row.getString(2))),
                        """
                        SELECT t.turn, t.activity FROM chat_turn t JOIN chat_session s USING (session_id)
                        WHERE t.session_id = ? AND s.user_id = ? AND (?::text IS NULL OR t.place <
                            (SELECT place FROM chat_turn WHERE session_id = ? AND message_id = ?))
                        ORDER BY t.place DESC LIMIT ?\
                        """,
                        session.value(),
                        user.value(),
                        before.map(MessageId::value).orElse(null),
                        session.value(),
                        before.map(MessageId::value).orElse(null),
                        most + 1);
        List<byte[]> page = new ArrayList<>();
        int size = 0;
        for (byte[] turn : found) {
            size += turn.length;
            if (page.size() == most || (size > NEWEST_BYTES && !page.isEmpty())) {
                break;
            }
            page.addFirst(turn);
        }
        return new Recent(page, cursor.cursor(), page.size() < found.size());
    }

    @Override
    public CompletionStage<Sessions> sessions(
            UserId user, Optional<Sessions.Place> before, int most) {
        return database.ask(connection -> {
            Timestamp updated =
                    before.map(place -> new Timestamp(place.updatedMillis())).orElse(null);
            String session = before.map(place -> place.session().value()).orElse(null);
            List<Sessions.Summary> found =
                    rows(
                            connection,
                            PostgresHistory::summary,
                            """
                            SELECT session_id, title, created, updated FROM chat_session
                            WHERE user_id = ? AND updated > ?
                                AND (?::timestamptz IS NULL OR (updated, session_id) < (?, ?))
                            ORDER BY updated DESC, session_id DESC LIMIT ?\
                            """,
                            user.value(),
                            Timestamp.from(Instant.now().minus(keep)),
                            updated,
                            updated,
                            session,
                            most + 1);
            boolean more = found.size() > most;
            return Sessions.of(more ? found.subList(0, most) : found, more);
        });
    }

    private static Sessions.Summary summary(ResultSet row) throws SQLException {
        return new Sessions.Summary(
                new SessionId(row.getString(1)),
                row.getString(2),
                row.getTimestamp(3).toInstant(),
                row.getTimestamp(4).toInstant());
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
                                database.ask(connection -> kept(connection, user, sessions)),
                                PostgresHistory::joined);
    }

    /// The stored facts about a session.
    ///
    /// @param title null when it has no ended answer
    private record Kept(@Nullable String title, boolean parked) {}

    private static List<Kept> kept(Connection connection, UserId user, List<SessionId> sessions)
            throws SQLException {
        return rows(
                connection,
                row -> new Kept(row.getString(1), row.getBoolean(2)),
                """
                SELECT s.title, EXISTS (SELECT 1 FROM chat_parked p
                    WHERE p.session_id = asked.id AND p.user_id = ? AND p.until > ?)
                FROM unnest(?) WITH ORDINALITY AS asked (id, place)
                LEFT JOIN chat_session s ON s.session_id = asked.id AND s.user_id = ?
                ORDER BY asked.place\
                """,
                user.value(),
                Timestamp.from(Instant.now()),
                sessions.stream().map(SessionId::value).toArray(String[]::new),
                user.value());
    }

    private static List<SessionState> joined(List<SessionState> inRedis, List<Kept> here) {
        List<SessionState> joined = new ArrayList<>();
        for (int i = 0; i < inRedis.size(); i++) {
            joined.add(joined(inRedis.get(i), here.get(i)));
        }
        return joined;
    }

    private static SessionState joined(SessionState inRedis, Kept here) {
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
            int rows =
                    update(
                            connection,
                            "UPDATE chat_session SET title = ? WHERE session_id = ? AND user_id = ?",
                            title,
                            session.value(),
                            user.value());
            Optional<String> incarnation =
                    rows == 0 ? join(log.renamed(session, user, title)) : Optional.empty();
            if (incarnation.isPresent()) {
                rows =
                        update(
                                connection,
                                """
                                INSERT INTO chat_session (session_id, user_id, title, incarnation, created, updated)
                                SELECT ?, ?, ?, ?, now, now
                                FROM date_trunc('milliseconds', clock_timestamp()) AS now
                                ON CONFLICT (session_id) DO NOTHING\
                                """,
                                session.value(),
                                user.value(),
                                title,
                                incarnation.get());
            }
            return rows > 0;
        });
    }

    @Override
    public CompletionStage<Optional<WorkflowRequest>> asked(
            SessionId session, UserId user, MessageId message) {
        return log.asked(session, user, message)
                .thenCompose(found ->
                        found.isPresent()
                                ? CompletableFuture.completedStage(found)
                                : database.ask(
                                        connection -> turn(connection, session, user, message)));
    }

    private static Optional<WorkflowRequest> turn(
            Connection connection, SessionId session, UserId user, MessageId message)
            throws SQLException {
        return rows(
                        connection,
                        row -> Turn.asked(bytes(row.getString(1)), session, user),
                        """
                        SELECT t.turn FROM chat_turn t JOIN chat_session s USING (session_id)
                        WHERE t.session_id = ? AND t.message_id = ? AND s.user_id = ?\
                        """,
                        session.value(),
                        message.value(),
                        user.value())
                .stream()
                .findFirst();
    }

    // Forgetting

    /// The log first: an entry that is no longer in it cannot be settled. All under the lock, because otherwise a
    /// waiting run could be restored between the two steps.
    @Override
    public CompletionStage<Optional<Erased>> erase(SessionId session, UserId user) {
        return database.ask(connection -> {
            lock(connection, session);
            List<String> incarnations =
                    rows(
                            connection,
                            row -> row.getString(1),
                            """
                            SELECT incarnation FROM chat_session WHERE session_id = ? AND user_id = ? AND incarnation <> ''
                            UNION
                            SELECT incarnation FROM chat_parked WHERE session_id = ? AND user_id = ? AND incarnation <> ''\
                            """,
                            session.value(),
                            user.value(),
                            session.value(),
                            user.value());
            Optional<Erased> erased = join(log.erase(session, user, incarnations));
            int rows = ParkedRuns.removeAll(connection, session, user);
            rows +=
                    update(
                            connection,
                            "DELETE FROM chat_session WHERE session_id = ? AND user_id = ?",
                            session.value(),
                            user.value());
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
            return update(
                    connection,
                    """
                    DELETE FROM chat_session WHERE session_id IN (
                        SELECT session_id FROM chat_session WHERE updated < ?
                        ORDER BY updated LIMIT ? FOR UPDATE SKIP LOCKED)\
                    """,
                    Timestamp.from(Instant.now().minus(keep)),
                    most);
        });
    }

    @Override
    public void close() {
        forgetting.interrupt();
        database.close();
    }

    // JDBC

    interface Row<T> {
        T read(ResultSet row) throws SQLException;
    }

    static <T> List<T> rows(
            Connection connection, Row<T> each, String sql, @Nullable Object... arguments)
            throws SQLException {
        try (PreparedStatement statement = prepared(connection, sql, arguments);
                ResultSet found = statement.executeQuery()) {
            List<T> rows = new ArrayList<>();
            while (found.next()) {
                rows.add(each.read(found));
            }
            return rows;
        }
    }

    static int update(Connection connection, String sql, @Nullable Object... arguments)
            throws SQLException {
        try (PreparedStatement statement = prepared(connection, sql, arguments)) {
            return statement.executeUpdate();
        }
    }

    @SuppressWarnings("NullAway") // SQL's null
    private static PreparedStatement prepared(
            Connection connection, String sql, @Nullable Object... arguments) throws SQLException {
        PreparedStatement statement = connection.prepareStatement(sql);
        for (int i = 0; i < arguments.length; i++) {
            statement.setObject(i + 1, arguments[i]);
        }
        return statement;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
