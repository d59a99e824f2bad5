package dev.antiphon.backplane.history;

import static dev.antiphon.backplane.history.Database.join;
import static dev.antiphon.backplane.history.Sql.lock;
import static dev.antiphon.backplane.history.Sql.rows;
import static dev.antiphon.backplane.history.Sql.update;

import dev.antiphon.backplane.log.Durable;
import dev.antiphon.backplane.log.ParkedRun;
import dev.antiphon.backplane.log.RedisParking;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/// The runs that wait for their users, in PostgreSQL: one row each, from the moment they wait until they continue
/// or end.
///
/// Storing, removing and restoring take the session's lock, and the data to store is read under the lock. So a run that
/// continues meanwhile is not stored after its removal, and an erased run is not restored.
final class ParkedRuns implements ParkedStore {

    /// Runs of a session that are restored at once. More than one waits only if the session was used while the database
    /// was unavailable. The others are restored when their user answers or cancels them.
    private static final int MOST_BROUGHT_BACK = 20;

    private final Database database;
    private final RedisParking redis;

    ParkedRuns(Database database, RedisParking redis) {
        this.database = database;
        this.redis = redis;
    }

    @Override
    public CompletionStage<Void> keep(SessionId session) {
        return redis.parked(session)
                .thenCompose(found ->
                        found.isEmpty()
                                ? CompletableFuture.completedStage(null)
                                : database.ask(connection -> stored(connection, session))
                                        .thenAccept(_ -> {}));
    }

    private boolean stored(Connection connection, SessionId session) throws SQLException {
        lock(connection, session);
        Optional<ParkedRun> parked = join(redis.parked(session));
        if (parked.isPresent()) {
            store(connection, parked.get());
        }
        return parked.isPresent();
    }

    private static void store(Connection connection, ParkedRun parked) throws SQLException {
        update(
                connection,
                """
                INSERT INTO chat_parked (session_id, message_id, user_id, until, run, incarnation)
                VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (session_id, message_id) DO UPDATE
                SET user_id = excluded.user_id, until = excluded.until, run = excluded.run,
                    incarnation = excluded.incarnation\
                """,
                parked.session().value(),
                parked.message().value(),
                parked.owner().value(),
                Timestamp.from(parked.until()),
                new String(json(parked), StandardCharsets.UTF_8),
                parked.incarnation());
    }

    @Override
    public CompletionStage<Void> remove(SessionId session, MessageId message) {
        return database.ask(
                        connection -> {
                            lock(connection, session);
                            return remove(connection, session, message);
                        })
                .thenAccept(_ -> {});
    }

    /// A run continues or has ended. The caller has the session's lock.
    static int remove(Connection connection, SessionId session, MessageId message)
            throws SQLException {
        return update(
                connection,
                "DELETE FROM chat_parked WHERE session_id = ? AND message_id = ?",
                session.value(),
                message.value());
    }

    /// A session is erased. The caller has its lock.
    static int removeAll(Connection connection, SessionId session, UserId user)
            throws SQLException {
        return update(
                connection,
                "DELETE FROM chat_parked WHERE session_id = ? AND user_id = ?",
                session.value(),
                user.value());
    }

    /// Removes the runs whose users have not answered in time.
    static void removeOverdue(Connection connection, int most) throws SQLException {
        update(
                connection,
                """
                DELETE FROM chat_parked WHERE (session_id, message_id) IN (
                    SELECT session_id, message_id FROM chat_parked WHERE until < ?
                    ORDER BY until LIMIT ? FOR UPDATE SKIP LOCKED)\
                """,
                Timestamp.from(Instant.now()),
                most);
    }

    @Override
    public CompletionStage<Optional<ParkedRun>> find(SessionId session, MessageId message) {
        return database.ask(connection -> find(connection, session, message));
    }

    private static Optional<ParkedRun> find(
            Connection connection, SessionId session, MessageId message) throws SQLException {
        return rows(
                        connection,
                        row -> parked(session, row),
                        """
                        SELECT message_id, user_id, until, run FROM chat_parked p
                        WHERE session_id = ? AND message_id = ? AND until > ?
                            AND NOT EXISTS (SELECT 1 FROM chat_session s
                                WHERE s.session_id = p.session_id AND s.user_id <> p.user_id)\
                        """,
                        session.value(),
                        message.value(),
                        Timestamp.from(Instant.now()))
                .stream()
                .findFirst();
    }

    @Override
    public CompletionStage<Boolean> bringBack(
            SessionId session, MessageId message, Optional<UserId> user) {
        return database.ask(connection -> {
            lock(connection, session);
            Optional<ParkedRun> found =
                    find(connection, session, message)
                            .filter(run -> user.isEmpty() || run.owner().equals(user.get()));
            return found.isPresent() && join(redis.restore(found.get()));
        });
    }

    /// Restores a user's waiting runs of a session in Redis. The run that began to wait first gets the first place.
    void bringAllBack(Connection connection, SessionId session, UserId user) throws SQLException {
        lock(connection, session);
        List<ParkedRun> found =
                rows(
                        connection,
                        row -> parked(session, row),
                        """
                        SELECT message_id, user_id, until, run FROM chat_parked
                        WHERE session_id = ? AND user_id = ? AND until > ? ORDER BY until LIMIT ?\
                        """,
                        session.value(),
                        user.value(),
                        Timestamp.from(Instant.now()),
                        MOST_BROUGHT_BACK);
        for (ParkedRun each : found) {
            var _ = join(redis.restore(each));
        }
    }

    /// The facts about a session in its waiting runs; empty when none waits.
    static Optional<Durable.Known> known(Connection connection, SessionId session)
            throws SQLException {
        return rows(
                        connection,
                        row ->
                                new Durable.Known(
                                        new UserId(row.getString(1)),
                                        Optional.empty(),
                                        row.getString(2)),
                        """
                        SELECT user_id, incarnation FROM chat_parked
                        WHERE session_id = ? AND until > ? ORDER BY until LIMIT 1\
                        """,
                        session.value(),
                        Timestamp.from(Instant.now()))
                .stream()
                .findFirst();
    }

    // As JSON

    private static byte[] json(ParkedRun parked) {
        ObjectNode json = Json.object().put("incarnation", parked.incarnation());
        json.set("run", object(parked.run()));
        json.set("tools", object(parked.tools()));
        ArrayNode chunks = json.putArray("chunks");
        parked.chunks().forEach(chunks::add);
        return Json.bytes(json);
    }

    private static ObjectNode object(Map<String, String> fields) {
        ObjectNode object = Json.object();
        fields.forEach(object::put);
        return object;
    }

    private static ParkedRun parked(SessionId session, ResultSet row) throws SQLException {
        ObjectNode json = Json.readObject(row.getString(4).getBytes(StandardCharsets.UTF_8));
        List<String> chunks = json.path("chunks").valueStream().map(JsonNode::stringValue).toList();
        return new ParkedRun(
                session,
                new MessageId(row.getString(1)),
                new UserId(row.getString(2)),
                json.path("incarnation").stringValue(""),
                row.getTimestamp(3).toInstant(),
                fields(json.path("run")),
                fields(json.path("tools")),
                chunks);
    }

    private static Map<String, String> fields(JsonNode object) {
        Map<String, String> fields = new HashMap<>();
        object.properties()
                .forEach(each -> fields.put(each.getKey(), each.getValue().stringValue()));
        return fields;
    }
}
