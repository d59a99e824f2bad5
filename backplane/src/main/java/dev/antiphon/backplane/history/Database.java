package dev.antiphon.backplane.history;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;

import dev.antiphon.backplane.DatabaseSettings;
import dev.antiphon.backplane.Unavailable;

import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/// PostgreSQL, for callers that must not block: each task has its own virtual thread.
final class Database implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Database.class);

    /// Connections of a process: a turn takes milliseconds, and a server allows a hundred in all.
    private static final int MOST_CONNECTIONS = 10;

    /// More concurrent tasks are refused: they would wait for a connection longer than a user waits for an answer.
    private static final int MOST_TASKS = 1_000;

    /// A server that takes this long for one statement counts as unavailable.
    private static final Duration ANSWERS_WITHIN = Duration.ofSeconds(10);

    private static final Duration RETRY_AFTER = Duration.ofMillis(500);

    /// Classes of SQL states that are temporary: connection, resources, operator's intervention, conflicts
    /// between transactions.
    private static final Set<String> PASSING = Set.of("08", "53", "57", "40", "55", "25");

    private final String address;
    private final HikariDataSource pool;
    private final Semaphore room = new Semaphore(MOST_TASKS);
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    private Database(String address, HikariDataSource pool) {
        this.address = address;
        this.pool = pool;
    }

    /// Work with a connection, in one transaction, which is rolled back when the work throws.
    interface Task<T> {
        T with(Connection connection) throws SQLException;
    }

    /// Connects and migrates the tables; waits until the server is available and logs this once.
    ///
    /// @throws Unavailable when the server refuses the connection permanently
    /// @throws InterruptedException when interrupted while waiting
    static Database open(DatabaseSettings settings) throws InterruptedException {
        HikariConfig config = new HikariConfig();
        config.setPoolName("history");
        config.setJdbcUrl(settings.url());
        if (settings.user() != null) {
            config.setUsername(settings.user());
        }
        if (settings.password() != null) {
            config.setPassword(settings.password());
        }
        config.setMaximumPoolSize(MOST_CONNECTIONS);
        config.setMinimumIdle(1);
        config.setAutoCommit(false);
        config.setConnectionTimeout(settings.timeout().toMillis());
        config.setInitializationFailTimeout(-1); // this class waits by itself
        config.addDataSourceProperty("socketTimeout", "" + ANSWERS_WITHIN.toSeconds());
        config.addDataSourceProperty("connectTimeout", "" + settings.timeout().toSeconds());
        config.addDataSourceProperty("tcpKeepAlive", "true");
        config.addDataSourceProperty("ApplicationName", "antiphon");
        HikariDataSource pool = new HikariDataSource(config);
        try {
            migrate(pool, settings.address());
            return new Database(settings.address(), pool);
        } catch (RuntimeException | InterruptedException e) {
            pool.close();
            throw e;
        }
    }

    private static void migrate(HikariDataSource pool, String address) throws InterruptedException {
        Flyway flyway =
                Flyway.configure(Database.class.getClassLoader())
                        .dataSource(pool)
                        .locations("classpath:dev/antiphon/backplane/history/migrations")
                        .table("chat_schema")
                        // For a database that already holds tables of other programs.
                        .baselineOnMigrate(true)
                        .baselineVersion("0")
                        .load();
        boolean said = false;
        while (true) {
            try {
                var _ = flyway.migrate();
                return;
            } catch (FlywayException e) {
                SQLException cause = sqlException(e);
                if (cause == null || !passes(cause)) {
                    throw new Unavailable(
                            address
                                    + " cannot be used: "
                                    + (cause == null ? e.getMessage() : cause.getMessage())
                                    + "; check DATABASE_URL",
                            e);
                }
                if (!said) {
                    LOG.atWarn()
                            .addKeyValue("address", address)
                            .addKeyValue("reason", cause.getMessage())
                            .log("waiting for PostgreSQL");
                    said = true;
                }
                TimeUnit.MILLISECONDS.sleep(RETRY_AFTER.toMillis());
            }
        }
    }

    private static @Nullable SQLException sqlException(Throwable failure) {
        Throwable each = failure;
        SQLException found = null;
        while (each != null) {
            if (each instanceof SQLException sql) {
                found = sql; // the innermost says most
            }
            each = each.getCause();
        }
        return found;
    }

    /// Whether a retry can succeed a moment later. An exception without a state means that no connection was available
    /// in time.
    private static boolean passes(SQLException e) {
        String state = e.getSQLState();
        return state == null
                || state.length() < 2
                || PASSING.contains(state.substring(0, 2))
                || e instanceof SQLTransientException;
    }

    /// Runs a task in one transaction, on its own thread. Fails with {@link Unavailable} when PostgreSQL does not do it
    /// now, with {@link IllegalStateException} when it never will.
    <T> CompletionStage<T> ask(Task<T> task) {
        if (!room.tryAcquire()) {
            return CompletableFuture.failedStage(
                    new Unavailable(address + " has too many waiting calls", null));
        }
        try {
            return CompletableFuture.supplyAsync(() -> done(task), threads)
                    .whenComplete((_, _) -> room.release());
        } catch (RejectedExecutionException e) {
            room.release();
            return CompletableFuture.failedStage(new Unavailable(address + " was closed", e));
        }
    }

    private <T> T done(Task<T> task) {
        try (Connection connection = pool.getConnection()) {
            try {
                T result = task.with(connection);
                connection.commit();
                return result;
            } catch (SQLException | RuntimeException e) {
                rollBack(connection, e);
                throw e;
            }
        } catch (SQLException e) {
            if (passes(e)) {
                throw new Unavailable(address + " is unavailable: " + e.getMessage(), e);
            }
            throw new IllegalStateException(address + " refused the call: " + e.getMessage(), e);
        }
    }

    private static void rollBack(Connection connection, Exception because) {
        try {
            connection.rollback();
        } catch (SQLException e) {
            because.addSuppressed(e);
        }
    }

    /// Waits for a call to another server, inside of a task.
    static <T> T join(CompletionStage<T> stage) {
        try {
            return stage.toCompletableFuture().join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    @Override
    public void close() {
        pool.close();
        threads.shutdownNow();
    }
}
