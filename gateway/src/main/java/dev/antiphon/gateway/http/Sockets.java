package dev.antiphon.gateway.http;

import io.vertx.core.http.HttpConnection;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The TCP connections of the front door: the maximum number, and how long one may stay without a request.
///
/// Vert.x' own idle timeout would put a listener on every write of every stream; this class checks now and then.
final class Sockets {

    /// How long a kept-alive connection may wait for its next request, all of its headers included. Longer than the
    /// minute for which proxies keep theirs, so that they close first and no request meets a closing connection.
    static final Duration IDLE = Duration.ofSeconds(75);

    private static final long BUSY = Long.MAX_VALUE;

    private final int most;

    /// The time since which each has no request, by the loop's clock; {@link #BUSY} while it has one.
    private final Map<HttpConnection, Long> idleSince = new HashMap<>();

    /// @param most the limit of connections; further ones are closed at once
    Sockets(int most) {
        this.most = most;
    }

    void opened(HttpConnection connection, long now) {
        if (idleSince.size() >= most) {
            TcpConnection.cut(connection);
            return;
        }
        idleSince.put(connection, now);
        connection.closeHandler(_ -> idleSince.remove(connection));
    }

    void busy(HttpConnection connection) {
        idleSince.computeIfPresent(connection, (_, _) -> BUSY);
    }

    void idle(HttpConnection connection, long now) {
        idleSince.computeIfPresent(connection, (_, _) -> now);
    }

    /// Closes those that have been idle for too long.
    void sweep(long now) {
        List<HttpConnection> overdue = new ArrayList<>();
        idleSince.forEach((connection, since) -> {
            if (since != BUSY && now - since > IDLE.toNanos()) {
                overdue.add(connection);
            }
        });
        overdue.forEach(TcpConnection::cut);
    }
}
