package dev.antiphon.backplane.history;

import static dev.antiphon.backplane.history.Sql.rows;
import static dev.antiphon.backplane.history.Sql.update;

import dev.antiphon.backplane.Policy;
import dev.antiphon.backplane.log.Durable.Known;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkflowRequest;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The rows of conversations, `chat_session` and `chat_turn`. The caller has the connection, and its transaction.
final class ConversationRows {

    private static final Logger LOG = LoggerFactory.getLogger(ConversationRows.class);

    private static final int NEWEST_BYTES = 256 * 1024;

    private ConversationRows() {}

    static void store(Connection connection, SessionId session, Unsettled ended)
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

    static Optional<Known> answered(Connection connection, SessionId session) throws SQLException {
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

    static List<Said> path(
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
                Policy.MOST_TURNS_BEFORE);
    }

    static Recent page(
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

    /// The stored facts about a session.
    ///
    /// @param title null when it has no ended answer
    record Kept(@Nullable String title, boolean parked) {}

    static List<Kept> kept(Connection connection, UserId user, List<SessionId> sessions)
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

    static Optional<WorkflowRequest> turn(
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

    /// @param since sessions that were answered last before this are left out
    static Sessions sessions(
            Connection connection,
            UserId user,
            Instant since,
            Optional<Sessions.Place> before,
            int most)
            throws SQLException {
        Timestamp updated = before.map(place -> new Timestamp(place.updatedMillis())).orElse(null);
        String session = before.map(place -> place.session().value()).orElse(null);
        List<Sessions.Summary> found =
                rows(
                        connection,
                        ConversationRows::summary,
                        """
                        SELECT session_id, title, created, updated FROM chat_session
                        WHERE user_id = ? AND updated > ?
                            AND (?::timestamptz IS NULL OR (updated, session_id) < (?, ?))
                        ORDER BY updated DESC, session_id DESC LIMIT ?\
                        """,
                        user.value(),
                        Timestamp.from(since),
                        updated,
                        updated,
                        session,
                        most + 1);
        boolean more = found.size() > most;
        return Sessions.of(more ? found.subList(0, most) : found, more);
    }

    private static Sessions.Summary summary(ResultSet row) throws SQLException {
        return new Sessions.Summary(
                new SessionId(row.getString(1)),
                row.getString(2),
                row.getTimestamp(3).toInstant(),
                row.getTimestamp(4).toInstant());
    }

    static boolean rename(Connection connection, SessionId session, UserId user, String title)
            throws SQLException {
        return update(
                        connection,
                        "UPDATE chat_session SET title = ? WHERE session_id = ? AND user_id = ?",
                        title,
                        session.value(),
                        user.value())
                > 0;
    }

    /// Makes the row of a session without an ended answer.
    ///
    /// @return false when the session has a row
    static boolean begin(
            Connection connection, SessionId session, UserId user, String title, String incarnation)
            throws SQLException {
        return update(
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
                        incarnation)
                > 0;
    }

    /// The names under which services might keep data of the user's session.
    static List<String> incarnations(Connection connection, SessionId session, UserId user)
            throws SQLException {
        return rows(
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
    }

    /// Removes a session with its turns.
    ///
    /// @return how many sessions, 0 or 1
    static int remove(Connection connection, SessionId session, UserId user) throws SQLException {
        return update(
                connection,
                "DELETE FROM chat_session WHERE session_id = ? AND user_id = ?",
                session.value(),
                user.value());
    }

    /// Removes the oldest sessions that were answered last before `since`.
    ///
    /// @return how many
    static int removeOld(Connection connection, Instant since, int most) throws SQLException {
        return update(
                connection,
                """
                DELETE FROM chat_session WHERE session_id IN (
                    SELECT session_id FROM chat_session WHERE updated < ?
                    ORDER BY updated LIMIT ? FOR UPDATE SKIP LOCKED)\
                """,
                Timestamp.from(since),
                most);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
