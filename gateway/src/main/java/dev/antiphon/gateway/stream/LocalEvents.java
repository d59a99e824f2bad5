package dev.antiphon.gateway.stream;

import dev.antiphon.backplane.history.Recent;
import dev.antiphon.backplane.history.SessionState;
import dev.antiphon.protocol.ConnectionId;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.SessionId;

import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Locale;

/// The server-sent events that are in no log (PROTOCOL.md §5). Ids and our own reasons need no
/// escaping; titles are written by {@link Json}.
final class LocalEvents {

    /// A comment: browsers ignore it, and proxies and both ends see that the connection lives.
    static final byte[] PING = bytes(": ping\n\n");

    private LocalEvents() {}

    /// The first frame of every stream. `retry` stands behind the data, because the user's own document prints the first
    /// two lines.
    static byte[] connected(ConnectionId connection, SessionId session) {
        return bytes(
                "event: "
                        + EventName.CONNECTED.wire()
                        + "\ndata: {\"connection_id\":\""
                        + connection
                        + "\",\"session_id\":\""
                        + session
                        + "\"}\nretry: 1000\n\n");
    }

    /// Tells a client how this pod stands. Without an id: it is in no log.
    static byte[] status(Standing standing) {
        String data =
                switch (standing) {
                    case WELL -> "{\"status\":\"recovered\"}";
                    case NATS_AWAY -> "{\"status\":\"degraded\",\"reason\":\"nats_away\"}";
                    case REDIS_AWAY -> "{\"status\":\"degraded\",\"reason\":\"redis_away\"}";
                    case REDIS_FULL -> "{\"status\":\"degraded\",\"reason\":\"redis_full\"}";
                    case REDIS_READ_ONLY ->
                            "{\"status\":\"degraded\",\"reason\":\"redis_read_only\"}";
                };
        return bytes("event: " + EventName.STATUS.wire() + "\ndata: " + data + "\n\n");
    }

    /// Tells a client that its place is lost, what was said so far, and that the stream goes on behind that. The event has
    /// that place as its id too: a browser that reconnects before the next entry must not name the lost one again.
    static byte[] resync(String reason, Recent recent) {
        ByteArrayOutputStream event = new ByteArrayOutputStream();
        event.writeBytes(
                bytes(
                        "id: "
                                + recent.cursor()
                                + "\nevent: "
                                + EventName.RESYNC.wire()
                                + "\ndata: {\"reason\":\""
                                + reason
                                + "\","));
        byte[] json = recent.json();
        event.write(json, 1, json.length - 1); // without its brace: ours is open
        event.writeBytes(bytes("\n\n"));
        return event.toByteArray();
    }

    /// What follows in a stream of several sessions is of this one.
    static byte[] session(SessionId session, int index) {
        return bytes(
                "event: "
                        + EventName.SESSION.wire()
                        + "\ndata: {\"session_id\":\""
                        + session
                        + "\",\"index\":"
                        + index
                        + "}\n\n");
    }

    /// Tells a client how sessions of its user's list stand.
    ///
    /// @param whole whether these are all that run or wait for the user, and others may have changed as well; else only these
    ///     have changed
    static byte[] list(boolean whole, Collection<SessionState> sessions) {
        ObjectNode list = Json.object().put("whole", whole);
        ArrayNode states = list.putArray("sessions");
        for (SessionState each : sessions) {
            states.addObject()
                    .put("session_id", each.session().value())
                    .put("state", each.state().name().toLowerCase(Locale.ROOT))
                    .put("title", each.title());
        }
        ByteArrayOutputStream event = new ByteArrayOutputStream();
        event.writeBytes(bytes("event: " + EventName.LIST.wire() + "\ndata: "));
        event.writeBytes(Json.bytes(list));
        event.writeBytes(bytes("\n\n"));
        return event.toByteArray();
    }

    /// Tells a client that it gets nothing of this session, and why, as an answer to a request would.
    static byte[] refused(SessionId session, ErrorCode code) {
        return bytes(
                "event: "
                        + EventName.REFUSED.wire()
                        + "\ndata: {\"session_id\":\""
                        + session
                        + "\",\"code\":\""
                        + code.wire()
                        + "\",\"status\":"
                        + code.httpStatus()
                        + ",\"title\":\""
                        + code.title()
                        + "\"}\n\n");
    }

    private static byte[] bytes(String ascii) {
        return ascii.getBytes(StandardCharsets.US_ASCII);
    }
}
