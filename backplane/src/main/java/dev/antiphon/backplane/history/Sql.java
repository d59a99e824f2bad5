package dev.antiphon.backplane.history;

import dev.antiphon.protocol.SessionId;

import org.jspecify.annotations.Nullable;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/// Statements of PostgreSQL. The caller has the connection, and its transaction.
final class Sql {

    private Sql() {}

    /// Reads one row.
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

    /// Waits for the other transactions that work on this session. Until the end of the transaction.
    static void lock(Connection connection, SessionId session) throws SQLException {
        try (PreparedStatement statement =
                prepared(
                        connection,
                        "SELECT pg_advisory_xact_lock(hashtextextended(?, 0))",
                        session.value())) {
            statement.execute();
        }
    }
}
